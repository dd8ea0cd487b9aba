"""Texts as they become lines: a user's file is read, sentences are dealt out and broken up.

Beside the glyph readers, before `lines.py`; `sentences.py` writes text where there is no file.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

from schema.alphabet import Alphabet
from schema.errors import InputError

SENTENCE_END = re.compile(r"([.!?][\"')]*) (?=[\"'(]*[A-Z0-9])")
"""Matches the mark and the space between two sentences."""


def read_corpus(path: Path, alphabet: Alphabet) -> Iterator[str]:
    """Yields the sentences of a UTF-8 text file in Unicode normal form C.

    Each line of the file is a unit of one or more sentences; white space is collapsed.

    Raises:
      InputError: the file is missing, empty, not UTF-8, or has a character outside the alphabet.
    """
    empty = True
    for number, line in enumerate(_decoded_lines(path), start=1):
        text = clean_text(line)
        outside = alphabet.outside(text)
        if outside:
            named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in outside)
            raise InputError(
                f"expected characters of the alphabet, got {named} in line {number} of {path}: "
                "replace them in the file, or choose a data set that has glyphs of them"
            )
        for sentence in SENTENCE_END.sub(r"\1\n", text).splitlines():
            empty = False
            yield sentence
    if empty:
        raise InputError(f"expected text, got none in {path}: give a file with sentences")


def take_share(sentences: Iterable[str], wanted: str, shares: Mapping[str, float]) -> Iterator[str]:
    """Yields the sentences of one split; which it is follows from their content.

    Sentences that differ in case or white space only are of the same split, whatever the order
    and whatever else there is.

    Args:
      sentences: in any order; repeats stay.
      wanted: the split.
      shares: split -> its share; together 1.

    Raises:
      InputError: the shares are not positive or not 1 together.
    """
    if any(share <= 0 for share in shares.values()) or not math.isclose(sum(shares.values()), 1):
        raise InputError(
            f"expected positive shares that are 1 together, got {dict(shares)}: correct them"
        )
    for sentence in sentences:
        fraction = hash_fraction(" ".join(sentence.casefold().split()))
        upper = 0.0
        for split, share in shares.items():
            upper += share
            chosen = split
            if fraction < upper:
                break
        if chosen == wanted:
            yield sentence


def to_lines(sentence: str, max_length: int) -> list[str]:
    """Breaks a sentence at word ends into pieces of at most `max_length` characters.

    A single longer word is cut. No piece is empty or begins or ends with a space.
    """
    if max_length < 1:
        raise InputError(f"expected a line length of at least 1, got {max_length}: raise it")
    lines: list[str] = []
    for word in sentence.split():
        if lines and len(lines[-1]) + 1 + len(word) <= max_length:
            lines[-1] += f" {word}"
        else:
            starts = range(0, len(word), max_length)
            lines += [word[start : start + max_length] for start in starts]
    return lines


def clean_text(text: str) -> str:
    """Returns a text in Unicode normal form C with single spaces and none at its ends.

    No picture shows two spaces, and a byte order mark at the beginning is no part of the text.
    """
    return " ".join(unicodedata.normalize("NFC", text).split()).lstrip("\ufeff ")


def _decoded_lines(path: Path) -> Iterator[str]:
    """Yields the lines of a file of which no more than one need be in memory."""
    start = 0
    try:
        with path.open("rb") as file:
            for line in file:
                yield line.decode()
                start += len(line)
    except OSError as error:
        raise InputError(
            f"expected a text file, got {error.strerror} at {path}: give the path of a UTF-8 text"
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"expected UTF-8, got the byte 0x{error.object[error.start]:02x} at offset "
            f"{start + error.start} in {path}: convert the file to UTF-8"
        ) from None


def hash_fraction(text: str) -> float:
    """Returns a hash of the text, uniform from 0 to below 1 and the same on every machine."""
    digest = blake2b(text.encode(), digest_size=6).digest()  # 48 bits: a float holds them exactly
    return int.from_bytes(digest, "big") / 2**48
