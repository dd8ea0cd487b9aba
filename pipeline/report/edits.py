"""What the model misread: a line's truth and reading, aligned character by character.

The report marks each span by its kind; `pipeline.report.render` hands `align` to the template.
"""

from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

Kind = Literal["equal", "substituted", "inserted", "deleted"]

_KINDS: dict[str, Kind] = {
    "equal": "equal",
    "replace": "substituted",
    "insert": "inserted",
    "delete": "deleted",
}

OPEN_BOX = "\N{OPEN BOX}"
"""Stands for a space inside a marked span, where the space itself could not be seen."""


@dataclass(frozen=True)
class Span:
    """A run of characters that share one fate.

    Args:
      kind: how the reading relates to the truth here.
      truth: the characters of the truth; empty for "inserted".
      reading: the characters of the reading; empty for "deleted", as long as `truth` otherwise.
    """

    kind: Kind
    truth: str
    reading: str

    @property
    def shown(self) -> str:
        """The text to print: what was read, or what was missed where nothing was read."""
        if self.kind == "equal":
            return self.reading
        return (self.reading or self.truth).replace(" ", OPEN_BOX)

    @property
    def note(self) -> str:
        """What happened, in words; empty for "equal"."""
        truth, reading = (text.replace(" ", OPEN_BOX) for text in (self.truth, self.reading))
        return {
            "equal": "",
            "substituted": f"read “{reading}” instead of “{truth}”",
            "inserted": f"added “{reading}”",
            "deleted": f"missed “{truth}”",
        }[self.kind]


def align(truth: str, reading: str) -> tuple[Span, ...]:
    """Return the spans of a shortest edit script, in reading order.

    Their `truth` parts join to `truth`, their `reading` parts to `reading`, and the lengths of
    the unequal ones add up to the Levenshtein distance that the character error rate counts.
    """
    return tuple(
        Span(
            kind=_KINDS[step.tag],
            truth=truth[step.src_start : step.src_end],
            reading=reading[step.dest_start : step.dest_end],
        )
        for step in Levenshtein.opcodes(truth, reading)
    )
