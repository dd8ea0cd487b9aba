"""How the texts of a page's lines travel beside their bands: one string, a text in each row.

The ExampleGens pack what `pipeline.ingest` reads; who measures how well whole pages are read
unpacks it. Texts are in the order of the rows of `schema.line_bands`.
"""

from collections.abc import Iterable

_BREAK = "\n"


def pack_texts(texts: Iterable[str]) -> str:
    """Joins a page's texts, "" for a line whose text is not known; the inverse of `unpack_texts`.

    Raises:
      ValueError: a text of several lines.
    """
    listed = list(texts)
    if broken := [text for text in listed if _BREAK in text]:
        raise ValueError(f"expected texts of one line each, got {broken[0]!r}")
    return _BREAK.join(listed)


def unpack_texts(packed: str, lines: int) -> list[str]:
    """Returns the texts of a page.

    Args:
      packed: from `pack_texts`.
      lines: how many there are.

    Raises:
      ValueError: there are more or less.
    """
    texts = packed.split(_BREAK) if lines else []
    if len(texts) != lines or (packed and not lines):
        raise ValueError(f"expected the texts of {lines} lines, got {packed!r}")
    return texts
