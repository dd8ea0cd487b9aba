"""What a writer agrees to before they write. The text and its version stay with the writer's id."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from schema.errors import InputError

MOST_CHARACTERS = 20_000

TEXT = "\n".join(
    (
        "What you write here is kept as pictures of lines, each with the text that you were asked "
        "to copy.",
        "The lines are used to train and to test programs that read handwriting, and may be looked "
        "at by the people who do that.",
        "You are asked for neither your name nor anything else about you. You get a random id as "
        "writer, so that lines of one hand can be kept together. Handwriting can still be "
        "recognised by people who know it.",
        "Do not write names, addresses or other texts than those shown.",
        "You may stop at any time. Keep your id: with it, whoever runs this page can find your "
        "lines.",
    )
)
"""Used where the application is given no text of its own; paragraphs are lines."""


@dataclass(frozen=True)
class Consent:
    """What is agreed to.

    Args:
      text: a paragraph a line.
    """

    text: str

    @property
    def version(self) -> str:
        """Tells texts apart: the beginning of the SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @property
    def paragraphs(self) -> list[str]:
        """The text as it is shown."""
        return [line for line in map(str.strip, self.text.splitlines()) if line]


def load_consent(path: Path | None) -> Consent:
    """Returns the text of a file; the built-in one where there is none.

    Raises:
      InputError: the file cannot be read, or holds no text.
    """
    if path is None:
        return Consent(TEXT)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected a text file for the consent, got {error} at {path}: give another"
        ) from None
    if not 0 < len(text.strip()) <= MOST_CHARACTERS:
        raise InputError(
            f"expected a consent of 1 to {MOST_CHARACTERS:,} characters, got "
            f"{len(text.strip()):,} at {path}: write one"
        )
    return Consent(text)
