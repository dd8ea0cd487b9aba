"""What a model read, taken out of a row of its answer: of lines, characters and whole pages."""

from dataclasses import dataclass
from typing import Any

from serving.client.errors import ServingError, one_line
from serving.signatures import (
    BOXES,
    CHARACTER_CONFIDENCES,
    CONFIDENCE,
    CONFIDENCES,
    COUNT,
    TEXTS,
)

Box = tuple[float, float, float, float]
"""ymin, xmin, ymax, xmax in pixels of the picture."""

Points = tuple[tuple[float, float], ...]
"""x and y of each, in pixels of the picture."""


@dataclass(frozen=True)
class Reading:
    """What the model reads in a line, or in a picture of one character.

    Args:
      text: the reading.
      confidence: from 0 to 1.
      character_confidences: from 0 to 1, of each character of the text; empty where the model
        does not tell.
      box: where the line is on its page; None where it is the whole picture.
      outline: the same more closely, where it is known: at least three points.
      baseline: on which the letters stand, where it is known: at least two points.
    """

    text: str
    confidence: float
    character_confidences: tuple[float, ...] = ()
    box: Box | None = None
    outline: Points = ()
    baseline: Points = ()


def read_row(row: Any, output: str, where: str) -> tuple[Reading, ...]:
    """Takes the readings of one picture out of its row.

    Args:
      row: what the server predicts, in the form of REST: numbers, strings and lists by name.
      output: the model's output that holds what was read: `TEXT`, `CHARACTER` or `TEXTS`.
      where: the server and the model, for messages.

    Returns:
      The lines of a page in reading order, or the one reading of a line or character.

    Raises:
      ServingError: the row holds something else.
    """
    if output == TEXTS:
        return _read_page(row, where)
    values = row if isinstance(row, dict) else {}
    text, confidence = values.get(output), values.get(CONFIDENCE)
    if not isinstance(text, str) or not isinstance(confidence, int | float):
        raise ServingError(f"{where}: expected {output} and {CONFIDENCE}, got {one_line(row)}")
    return (
        Reading(text, float(confidence), _of_characters(text, values.get(CHARACTER_CONFIDENCES))),
    )


def _read_page(row: Any, where: str) -> tuple[Reading, ...]:
    try:
        count = row[COUNT]
        columns = [row[name][:count] for name in (BOXES, TEXTS, CONFIDENCES)]
        if {len(column) for column in columns} != {count}:
            raise ValueError(f"{count} lines told")
        told = row.get(CHARACTER_CONFIDENCES) or [None] * count
        return tuple(
            Reading(
                _text(text),
                float(confidence),
                _of_characters(text, of_characters),
                (float(top), float(left), float(bottom), float(right)),
            )
            for (top, left, bottom, right), text, confidence, of_characters in zip(
                *columns, told[:count], strict=True
            )
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ServingError(
            f"{where}: expected {BOXES}, {TEXTS}, {CONFIDENCES} and {COUNT} of a page, got "
            f"something else ({type(error).__name__}: {error})"
        ) from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{one_line(value)} for a text")
    return value


def _of_characters(text: str, told: Any) -> tuple[float, ...]:
    """Returns the confidence of each character, without padding; empty if they do not fit."""
    if not isinstance(told, list) or len(told) < len(text):
        return ()
    return tuple(float(value) for value in told[: len(text)])
