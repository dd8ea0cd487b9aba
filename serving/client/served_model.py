"""Finds out which model to ask, and what it reads, from the metadata that the server tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from serving.client.errors import NoSuchModelError, ServingError
from serving.signatures import (
    BOXES,
    CHARACTER,
    CONFIDENCE,
    CONFIDENCES,
    COUNT,
    SERVING_DEFAULT,
    TEXT,
    TEXTS,
)

KNOWN_NAMES = ("pages", "lines", "characters", "default")
"""Names that are asked for in turn where none is given: a server does not list its models."""

_READS = {
    TEXTS: frozenset({BOXES, TEXTS, CONFIDENCES, COUNT}),
    TEXT: frozenset({TEXT, CONFIDENCE}),
    CHARACTER: frozenset({CHARACTER, CONFIDENCE}),
}


class Connection(Protocol):
    """A `RestConnection` or a `GrpcConnection`."""

    where: str

    def outputs(self, model_name: str) -> frozenset[str]:
        """Returns the names of what the model's `serving_default` gives."""

    def predict(self, model_name: str, images: Sequence[bytes]) -> list[Any]:
        """Returns a row for each picture."""


@dataclass(frozen=True)
class ServedModel:
    """A model that a server offers.

    Args:
      name: to ask for it.
      output: that holds what it reads: `TEXTS` of a page, `TEXT` of a line, or `CHARACTER`.
    """

    name: str
    output: str


def find_model(connection: Connection, name: str | None = None) -> ServedModel:
    """Asks a server for a model that reads.

    Args:
      connection: to the server.
      name: of the model; the first of `KNOWN_NAMES` that the server has where it is None.

    Raises:
      ServingError: the server cannot be reached, or has no such model, or one that does not read.
    """
    for candidate in (name,) if name is not None else KNOWN_NAMES:
        try:
            outputs = connection.outputs(candidate)
        except NoSuchModelError:
            if name is not None:
                raise
            continue
        return ServedModel(candidate, _what_it_reads(outputs, f"{connection.where} {candidate!r}"))
    raise NoSuchModelError(
        f"{connection.where}: expected a model under one of the names {', '.join(KNOWN_NAMES)}, "
        "got none: name yours with --model"
    )


def _what_it_reads(outputs: frozenset[str], where: str) -> str:
    for output, needed in _READS.items():
        if needed <= outputs:
            return output
    raise ServingError(
        f"{where}: expected a model that reads, got one whose {SERVING_DEFAULT} gives "
        f"{', '.join(sorted(outputs)) or 'nothing'}: name a model of pages, lines or characters"
    )
