"""What of a reading the model doubts."""

from dataclasses import dataclass

from labeling.items import Item

SURE = 0.9
"""From this confidence on a character is not marked; as on the page to try a model on."""


@dataclass(frozen=True)
class Character:
    """A character of a reading.

    Args:
      text: itself.
      doubtful: whether it is to be marked.
      confidence: the model's, 0..1; None where it does not tell.
    """

    text: str
    doubtful: bool = False
    confidence: float | None = None


def characters_of(item: Item) -> list[Character]:
    """Returns the characters of a line's reading; none is doubtful where the model told nothing."""
    told = item.character_confidences
    if len(told) != len(item.prefill):
        return [Character(text) for text in item.prefill]
    return [
        Character(text, confidence < SURE, confidence)
        for text, confidence in zip(item.prefill, told, strict=True)
    ]
