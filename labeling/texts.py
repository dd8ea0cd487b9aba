"""What a label may be: one line of text that a model can learn."""

from pathlib import Path

from pipeline.ingest.alphabet_builder import read_alphabet
from pipeline.ingest.corpus import clean_text
from schema.alphabet import LATIN, Alphabet
from schema.errors import InputError

MAX_LENGTH = 500
"""Characters of a label; the longest lines of archives have some 150."""
LATIN_NAME = "latin"


def load_alphabet(name: str) -> Alphabet:
    """Returns `schema.alphabet.LATIN` for `LATIN_NAME`, otherwise what an alphabet file holds.

    Raises:
      InputError: no such file, or not an alphabet.
    """
    return LATIN if name == LATIN_NAME else read_alphabet(Path(name))


def name_characters(characters: str) -> str:
    """Names characters by themselves and by their numbers, as in "'é' (U+00E9)"."""
    return ", ".join(f"{character!r} (U+{ord(character):04X})" for character in characters)


def checked_text(text: str, alphabet: Alphabet) -> str:
    """Returns a label in Unicode normal form C with single spaces.

    Raises:
      InputError: it is empty, too long, or has characters outside the alphabet, which are named.
    """
    cleaned = clean_text(text)
    if not cleaned:
        raise InputError(
            "expected what the line says, got an empty text: write it, or mark the line unreadable"
        )
    if len(cleaned) > MAX_LENGTH:
        raise InputError(
            f"expected at most {MAX_LENGTH} characters, got {len(cleaned)}: label one line"
        )
    if outside := alphabet.outside(cleaned):
        raise InputError(
            f"expected characters of the alphabet, got {name_characters(outside)}: "
            "write others, or flag the line"
        )
    return cleaned
