"""A pushed model in this process, asked for many pictures as a server would be.

`learn` has it read the reference's pictures, `embedding` asks it for features.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from tqdm import tqdm

from serving.server.servable import Servable
from serving.server.status import Code, ServableError
from serving.signatures import IMAGE_BYTES

BATCH = 64


class PushedModel:
    """A SavedModel, loaded as the model server loads it; a context manager.

    Args:
      folder: of the version.
    """

    def __init__(self, folder: Path) -> None:
        self._servable = Servable(folder)
        self.signatures = self._servable.signatures

    def __enter__(self) -> "PushedModel":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._servable.close()

    def ask(self, signature: str, pictures: Sequence[bytes]) -> list[dict[str, Any] | None]:
        """Returns for each picture its row of every output; None for one that is refused.

        Pictures of like size in bytes share a batch, for a batch is as wide as its widest line.
        """
        order = sorted(range(len(pictures)), key=lambda place: len(pictures[place]))
        rows: list[dict[str, Any] | None] = [None] * len(pictures)
        with tqdm(
            total=len(order), desc=signature, unit="picture", disable=None, leave=False
        ) as bar:
            for start in range(0, len(order), BATCH):
                places = order[start : start + BATCH]
                answered = self._ask_batch(signature, [pictures[place] for place in places])
                for place, row in zip(places, answered, strict=True):
                    rows[place] = row
                bar.update(len(places))
        return rows

    def _ask_batch(self, signature: str, pictures: Sequence[bytes]) -> list[dict[str, Any] | None]:
        """Asks for pictures together, or where one of them is refused for each alone."""
        try:
            outputs = self._servable.predict(signature, {IMAGE_BYTES: np.array(pictures, object)})
        except ServableError as error:
            if error.code != Code.INVALID_ARGUMENT:
                raise
            if len(pictures) == 1:
                return [None]
            return [row for picture in pictures for row in self._ask_batch(signature, [picture])]
        return [
            {name: values[place] for name, values in outputs.items()}
            for place in range(len(pictures))
        ]
