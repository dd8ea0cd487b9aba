"""Finds lines for training whose sentence is in validation or test as well.

Called by `record_plan.py`. Copies of one text by several writers are common: a network could
learn the sentences of its examination by heart, whoever wrote them.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from pipeline.ingest.corpus import SENTENCE_END
from pipeline.ingest.units import LineEntry
from schema.splits import TEST, TRAIN, VALIDATION

MIN_WORDS = 3
"""Shorter texts, such as numbers and names, are no sentences: they may repeat."""

_CHOICE = (TEST, VALIDATION, TRAIN)
"""Of splits that share a sentence, the first of these keeps its lines: test stays as it is."""

_WORD = re.compile(r"\w+")


def find_shared(entries: Sequence[LineEntry], splits: Mapping[str, str]) -> frozenset[str]:
    """Returns the ids of the lines that must go for no two splits to share a sentence.

    What counts is the words, not case and punctuation, of a whole line and of each sentence of
    its page that the line holds a part of.

    Args:
      entries: lines of all splits, those of a page in their order.
      splits: sample id -> split.
    """
    carried = _sentences(entries)
    taken: set[str] = set()
    shared: set[str] = set()
    for split in _CHOICE:
        own = [entry.sample_id for entry in entries if splits[entry.sample_id] == split]
        shared.update(name for name in own if carried[name] & taken)
        taken.update(*(carried[name] for name in own))
    return frozenset(shared)


def _sentences(entries: Sequence[LineEntry]) -> dict[str, set[str]]:
    """Returns the texts that each line holds or is a part of, by sample id."""
    pages: dict[str, list[LineEntry]] = defaultdict(list)
    for entry in entries:
        pages[entry.page or entry.sample_id].append(entry)
    carried: dict[str, set[str]] = {}
    for lines in pages.values():
        for line in lines:
            carried[line.sample_id] = set(_normalise(line.text))
        for sentence, parts in _sentences_of_page(lines):
            for line in parts:
                carried[line.sample_id].update(_normalise(sentence))
    return carried


def _sentences_of_page(lines: list[LineEntry]) -> list[tuple[str, list[LineEntry]]]:
    """Returns the sentences of a page, each with the lines that it runs over."""
    text, owners = "", list[LineEntry]()
    for line in lines:
        text += f"{line.text} "
        owners += [line] * (len(line.text) + 1)
    found = []
    start = 0
    for end in [match.end() for match in SENTENCE_END.finditer(text)] + [len(text)]:
        parts = list(dict.fromkeys(owners[start:end]))
        found.append((text[start:end], parts))
        start = end
    return found


def _normalise(text: str) -> list[str]:
    """Returns a text as its words alone, nothing where it is no sentence."""
    words = _WORD.findall(text.casefold())
    return [" ".join(words)] if len(words) >= MIN_WORDS else []
