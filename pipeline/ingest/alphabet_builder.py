"""Builds an alphabet from texts, and counts what does not fit one.

After the readers, before the network's classes are fixed. A character that does not fit is
counted and shown; it is never mapped to another one.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from schema.alphabet import Alphabet
from schema.errors import InputError

_SYMBOLS = "symbols"  # the form that serving/export.py writes beside a model
_CONTROL = "Cc"


def count_characters(texts: Iterable[str]) -> Counter[str]:
    """Returns how often each character occurs in the texts in Unicode normal form C."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(unicodedata.normalize("NFC", text))
    return counts


def build_alphabet(texts: Iterable[str], min_count: int = 1) -> Alphabet:
    """Returns the alphabet of the texts, sorted by code point.

    Characters that would combine with the one before them in the alphabet (accents that have no
    composed form in the texts) come first, so that the alphabet itself stays in normal form C.

    Args:
      texts: training texts only: an alphabet from test texts would tell of them.
      min_count: rarer characters stay outside; `count_outside` shows them.

    Raises:
      InputError: no characters, or control characters, which no pen writes.
    """
    counts = count_characters(texts)
    control = sorted(c for c in counts if unicodedata.category(c) == _CONTROL)
    if control:
        raise InputError(
            f"expected characters that can be written, got {_named(control)}: "
            "remove them from the texts"
        )
    symbols = sorted(c for c, count in counts.items() if count >= min_count)
    if not symbols:
        raise InputError(
            f"expected characters that occur {min_count} times or more, got none in "
            f"{counts.total()}: give more text or lower the count"
        )
    return Alphabet(_arrange(symbols))


def count_outside(texts: Iterable[str], alphabet: Alphabet) -> Counter[str]:
    """Returns how often each character outside the alphabet occurs in the texts."""
    counts = count_characters(texts)
    outside = set(alphabet.outside("".join(counts)))
    return Counter({c: count for c, count in counts.items() if c in outside})


def describe_outside(outside: Counter[str]) -> str:
    """Returns the characters that do not fit, the most frequent first, for people to read."""
    ordered = sorted(outside.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{_named([c])} {count} times" for c, count in ordered) or "none"


def write_alphabet(path: Path, alphabet: Alphabet) -> None:
    """Writes an alphabet as JSON; the inverse of `read_alphabet`."""
    content = json.dumps({_SYMBOLS: alphabet.symbols}, indent=2, ensure_ascii=False)
    path.write_text(content + "\n", encoding="utf-8")


def read_alphabet(path: Path) -> Alphabet:
    """Reads an alphabet from JSON, the one beside a pushed model or one of the user's own.

    Raises:
      InputError: no such file, or not an alphabet.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"expected an alphabet file, got {error.strerror} at {path}: give its path"
        ) from None
    except ValueError as error:
        raise InputError(f"expected JSON in UTF-8, got {error} in {path}: mend the file") from None
    symbols = content.get(_SYMBOLS) if isinstance(content, dict) else None
    if not isinstance(symbols, str):
        raise InputError(
            f'expected {{"{_SYMBOLS}": "..."}}, got {str(content)[:60]!r} in {path}: mend the file'
        )
    try:
        return Alphabet(symbols)
    except InputError as error:
        raise InputError(f"{error} (in {path})") from None


def _arrange(symbols: list[str]) -> str:
    """Joins sorted characters so that none of them changes in normal form C."""
    # Accents in the canonical order; nothing precedes them that they could combine with.
    accents = sorted(filter(unicodedata.combining, symbols), key=unicodedata.combining)
    first: list[str] = []  # the few others that combine: vowels of Hangul and of Indic scripts
    joined = ""
    for symbol in symbols:
        if unicodedata.combining(symbol):
            continue
        if unicodedata.is_normalized("NFC", joined + symbol):
            joined += symbol
        else:
            first.append(symbol)
    return "".join(accents + first) + joined


def _named(characters: list[str]) -> str:
    return ", ".join(f"{c!r} (U+{ord(c):04X})" for c in characters)
