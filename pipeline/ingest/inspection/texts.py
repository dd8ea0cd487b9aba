"""Counts what the texts of real lines are like: shared by lines and pages."""

from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.ingest.alphabet_builder import build_alphabet, count_outside, describe_outside
from pipeline.ingest.inspection import spread
from pipeline.ingest.record_plan import deal_splits
from pipeline.ingest.shared_texts import find_shared
from pipeline.ingest.units import LineEntry
from schema.alphabet import LATIN
from schema.splits import SPLITS

OUTSIDE_NAMED = 12
"""Characters outside the declared alphabet that are named, the most frequent ones."""

_DEFAULT_SEED = 0


def describe_texts(entries: Sequence[LineEntry]) -> Iterator[tuple[str, str]]:
    """Yields facts about at least one line with its text."""
    texts = [entry.text for entry in entries]
    pages = {entry.page for entry in entries if entry.page}
    writers = {entry.writer for entry in entries if entry.writer}
    if pages:
        yield "pages", f"{len(pages):,}"
    yield "writers", f"{len(writers):,}" if writers else "not known"
    splits = deal_splits(entries, _DEFAULT_SEED)
    yield "splits", f"{_origin(entries)}: {_counts(Counter(splits.values()))}"
    shared = Counter(splits[name] for name in find_shared(entries, splits))
    yield "shared", f"{_counts(shared)} with a sentence that another split has: left out of a run"
    yield "text length", f"{spread([len(text) for text in texts])} characters"
    yield "alphabet", _name_alphabet(texts)
    yield "outside latin", _name_outside(count_outside(texts, LATIN))


def _name_outside(outside: Counter[str]) -> str:
    named = describe_outside(Counter(dict(outside.most_common(OUTSIDE_NAMED))))
    more = f", and {len(outside) - OUTSIDE_NAMED} more" if len(outside) > OUTSIDE_NAMED else ""
    return f"{named}{more} (--alphabet data takes them)" if outside else "none"


def _name_alphabet(texts: Sequence[str]) -> str:
    symbols = build_alphabet(texts).symbols
    return f"{len(symbols)} characters: {symbols}"


def _origin(entries: Sequence[LineEntry]) -> str:
    if all(entry.split for entry in entries):
        return "official"
    for kind in ("writer", "page"):
        if any(getattr(entry, kind) for entry in entries):
            return f"dealt out by {kind}"
    return "dealt out by line"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{split} {counts[split]:,}" for split in SPLITS)
