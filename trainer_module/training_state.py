"""What survives a killed training: weights, optimizer and history after each epoch.

`state.json` names the files that belong together and is replaced in one step, so that a state
is either whole or absent.
"""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import keras

from trainer_module.history import Epoch

STATE_FILE = "state.json"
_LAST = "after-epoch-{:04d}.weights.h5"
_BEST = "best-epoch-{:04d}.weights.h5"


@dataclass
class TrainingState:
    """The history of a training and the weights that go with it.

    Args:
      folder: where it is kept; made when first saved.
      history: the epochs so far.
    """

    folder: Path
    history: list[Epoch]

    @classmethod
    def open(cls, folder: Path) -> "TrainingState":
        """Reads what an earlier training left, or starts afresh."""
        path = folder / STATE_FILE
        if not path.exists():
            return cls(folder, [])
        records = json.loads(path.read_text(encoding="utf-8"))["history"]
        return cls(folder, [Epoch(**record) for record in records])

    @property
    def epochs_done(self) -> int:
        """The number of finished epochs."""
        return len(self.history)

    @property
    def best(self) -> Epoch | None:
        """The epoch with the lowest validation error, the earliest of equals."""
        return min(self.history, key=lambda record: record.validation_error, default=None)

    def restore_last(self, model: keras.Model) -> None:
        """Loads weights and optimizer of the last finished epoch into a compiled model."""
        if self.history:
            model.optimizer.build(model.trainable_variables)
            model.load_weights(self.folder / _LAST.format(self.epochs_done))

    def restore_best(self, model: keras.Model) -> None:
        """Loads the weights of the best epoch."""
        if self.best is None:
            raise ValueError("no epoch has been trained: there are no best weights")
        model.load_weights(self.folder / _BEST.format(self.best.number))

    def save(self, model: keras.Model, record: Epoch) -> None:
        """Adds an epoch and keeps its weights; files that no state names any more go last."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.history.append(record)
        kept = {STATE_FILE, _LAST.format(record.number), _BEST.format(self._best_number())}
        model.save_weights(self.folder / _LAST.format(record.number), overwrite=True)
        if self._best_number() == record.number:
            model.save_weights(self.folder / _BEST.format(record.number), overwrite=True)
        content = json.dumps({"history": [dataclasses.asdict(epoch) for epoch in self.history]})
        partial = self.folder / f"{STATE_FILE}.partial"
        partial.write_text(content, encoding="utf-8")
        partial.replace(self.folder / STATE_FILE)
        for path in self.folder.iterdir():
            if path.name not in kept:
                path.unlink()

    def _best_number(self) -> int:
        return self.best.number if self.best else 0
