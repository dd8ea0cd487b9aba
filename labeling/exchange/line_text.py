"""The text of a line, out of whatever texts another tool's file has for it."""

from collections.abc import Sequence

from pipeline.ingest.corpus import clean_text

DIFFER = "imported labels differ"
"""Why a line is queued whose annotators, elsewhere, did not agree."""


class Unusable(Exception):  # noqa: N818, a reason and no failure of the program
    """Why a task, a region or a line of a file cannot be used."""


def only_line(texts: Sequence[str]) -> str | None:
    """Returns the one line of text, cleaned; None where there is none.

    Raises:
      Unusable: there are several, or one that is no text.
    """
    found = [clean for text in texts for line in text.splitlines() if (clean := clean_text(line))]
    if len(found) > 1:
        raise Unusable(
            f"expected one line of text, got {len(found)} ({found[0]!r}, {found[1]!r}): keep one"
        )
    # Halves of surrogate pairs and control characters: no picture shows them, no file keeps them.
    odd = sorted({c for text in found for c in text if not c.isprintable()})
    if odd:
        named = ", ".join(f"U+{ord(c):04X}" for c in odd)
        raise Unusable(f"expected characters that can be seen, got {named}: correct the text")
    return found[0] if found else None
