"""What the model takes for what, by the kind of mistake, for the report's tables."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.edits import OPEN_BOX
from pipeline.run_result import Confusion

SHOWN = 15
"""Rows of a table."""


@dataclass(frozen=True)
class ConfusionTable:
    """Mistakes of one kind.

    Args:
      title: the kind.
      rows: the commonest first.
      most: the largest count of either model, at least 1: the length of the longest bar.
    """

    title: str
    rows: tuple[Confusion, ...]
    most: int


def sort_by_kind(confusions: Sequence[Confusion]) -> list[ConfusionTable]:
    """Returns a table for each kind of mistake that was made."""
    kinds: dict[str, list[Confusion]] = {"Taken for another": [], "Missed": [], "Added": []}
    for each in confusions:
        kind = "Taken for another" if each.truth and each.reading else "Missed"
        kinds[kind if each.truth else "Added"].append(each)
    return [
        ConfusionTable(
            title,
            tuple(rows[:SHOWN]),
            max(1, *(max(row.count, row.baseline or 0) for row in rows[:SHOWN])),
        )
        for title, rows in kinds.items()
        if rows
    ]


def show_character(character: str) -> str:
    """Returns what to print for a character: spaces as a box, marks on a circle."""
    if character.isspace():
        return OPEN_BOX
    if unicodedata.combining(character):
        return f"\N{DOTTED CIRCLE}{character}"
    return character


def name_character(character: str) -> str:
    """Returns a character's name, which tells l, I and 1 apart, as in "small l"."""
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    for script in ("latin ", "digit "):
        name = name.removeprefix(script)
    return name.replace("small letter", "small").replace("capital letter", "capital")
