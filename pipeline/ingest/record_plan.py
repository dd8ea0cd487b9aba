"""Decides what becomes of each real line before any stage starts: its split, or why it is left out.

Looks at texts, lists and headers but decodes no picture, so it takes seconds where reading takes
minutes. What only pixels tell (broken pictures, duplicates) is settled in `record_outcome.py`.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from pipeline.ingest.alphabet_builder import build_alphabet, count_outside, read_alphabet
from pipeline.ingest.corpus import hash_fraction
from pipeline.ingest.lines import classify_vocabulary
from pipeline.ingest.record_sources import (
    DATA_ALPHABET,
    DROP_SHARED,
    LATIN_ALPHABET,
    MARK_UNKNOWN,
    RecordOptions,
    plan_units,
)
from pipeline.ingest.records import Problem, Problems
from pipeline.ingest.shared_texts import find_shared
from pipeline.ingest.units import LineEntry, Unit
from schema.alphabet import LATIN, UNKNOWN, Alphabet
from schema.errors import InputError
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION
from transforms.words import words_of

HELD_OUT_SHARE = 0.1
"""Share of the writers, pages or lines that goes to validation, and the same again to test."""
LEAST_TRAINED_SHARE = 0.5
"""Of lines. Where writers are so few that less would be left to train on, their lines are dealt one
by one: who trains on a single hand wants to know how well that hand is read."""


@dataclass(frozen=True)
class RecordPlan:
    """What a source gives as far as can be told without pixels.

    Args:
      units: what to read; only with lines that are taken.
      splits: sample id -> split, of these lines.
      train_words: words of the training lines.
      alphabet: what the network shall read.
      problems: the lines left out, and why.
      shared_dropped: split -> lines left out because a split that goes before has their sentence.
      outside: how often each character outside the alphabet occurs in the texts.
      divided_writers: how many writers have lines in several splits, since there are too few.
    """

    units: tuple[Unit, ...]
    splits: dict[str, str]
    train_words: frozenset[str]
    alphabet: Alphabet
    problems: tuple[Problem, ...]
    shared_dropped: dict[str, int]
    outside: Counter[str]
    divided_writers: int = 0

    def vocabulary(self, text: str) -> str:
        """Returns which of `schema.features.VOCABULARIES` a text belongs to."""
        return classify_vocabulary(text, self.train_words)


@functools.lru_cache(maxsize=1)
def plan_records(folder: Path, options: RecordOptions) -> RecordPlan:
    """Plans a source, once a process.

    Raises:
      InputError: too much of it is unusable, or too little is left for three splits.
    """
    problems = Problems(options.tolerated_share)
    declared = _declared_alphabet(options)
    units = []
    outside: Counter[str] = Counter()
    found = plan_units(folder, options, problems)
    for unit in tqdm(found, desc=f"looking at {options.source}", unit="unit", disable=None):
        if declared:
            outside += count_outside((line.text for line in unit.lines), declared)
            if options.unknown == MARK_UNKNOWN:
                unit = _mark(unit, declared)
        units.append(_fitting(unit, declared, options.source, problems))
    problems.finish()
    entries = [line for unit in units for line in unit.lines]
    splits = deal_splits(entries, options.seed)
    shared = find_shared(entries, splits) if options.shared_texts == DROP_SHARED else frozenset()
    taken = [line for line in entries if line.sample_id not in shared]
    check_splits((splits[line.sample_id] for line in taken), folder)
    dropped = Counter(splits[name] for name in shared)
    return RecordPlan(
        units=tuple(_without(shared, units)),
        splits={line.sample_id: splits[line.sample_id] for line in taken},
        train_words=frozenset().union(
            *(words_of(line.text) for line in taken if splits[line.sample_id] == TRAIN)
        ),
        alphabet=declared or build_alphabet(line.text for line in taken),
        problems=tuple(problems.found),
        shared_dropped={split: dropped[split] for split in SPLITS},
        outside=outside,
        divided_writers=_count_divided(taken, splits),
    )


def deal_splits(entries: Iterable[LineEntry], seed: int) -> dict[str, str]:
    """Returns sample id -> split: the official one, else one for all lines of a writer or page.

    Writers count unless they are too few (`LEAST_TRAINED_SHARE`).
    """
    entries = list(entries)
    dealt = _deal(entries, seed, lambda line: line.writer or line.page or line.sample_id)
    free = [dealt[line.sample_id] for line in entries if line.split is None]
    written = any(line.writer and line.split is None for line in entries)
    if written and free.count(TRAIN) < LEAST_TRAINED_SHARE * len(free):
        return _deal(entries, seed, lambda line: line.page or line.sample_id)
    return dealt


def _deal(
    entries: Sequence[LineEntry], seed: int, group_of: Callable[[LineEntry], str]
) -> dict[str, str]:
    groups = sorted(
        {group_of(line) for line in entries if line.split is None},
        key=lambda group: hash_fraction(f"{seed} {group}"),
    )
    held_out = max(1, round(HELD_OUT_SHARE * len(groups)))
    dealt = dict.fromkeys(groups, TRAIN)
    dealt |= dict.fromkeys(groups[:held_out], TEST)
    dealt |= dict.fromkeys(groups[held_out : 2 * held_out], VALIDATION)
    return {line.sample_id: line.split or dealt[group_of(line)] for line in entries}


def _count_divided(entries: Iterable[LineEntry], splits: Mapping[str, str]) -> int:
    """Returns how many writers have lines in more than one split."""
    pairs = {(line.writer, splits[line.sample_id]) for line in entries if line.writer}
    return sum(count > 1 for count in Counter(writer for writer, _ in pairs).values())


def check_splits(splits: Iterable[str], folder: Path) -> None:
    """Stops where a split has no line.

    Args:
      splits: of each line.
      folder: named in the message.

    Raises:
      InputError: there is such a split.
    """
    counts = Counter(splits)
    for split in SPLITS:
        if not counts[split]:
            raise InputError(
                f"expected lines in every split, got none in {split} of {counts.total()} in "
                f"{folder}: give more pages, writers or lines, or another seed"
            )


def _mark(unit: Unit, declared: Alphabet) -> Unit:
    """Returns the unit with `UNKNOWN` in place of characters outside the alphabet."""
    lines = (replace(line, text=declared.mark_unknown(line.text)) for line in unit.lines)
    return replace(unit, lines=tuple(lines))


def _fitting(unit: Unit, declared: Alphabet | None, source: str, problems: Problems) -> Unit:
    """Returns the lines of a unit whose text fits the alphabet, and notes the others."""
    kept = []
    for number, line in enumerate(unit.lines):
        outside = declared.outside(line.text) if declared else ""
        if outside:
            problems.leave_out(source, line.sample_id, _explain_outside(outside))
        else:
            problems.take()
            kept.append(number)
    return unit.select(kept)


def _without(names: frozenset[str], units: Iterable[Unit]) -> Iterable[Unit]:
    for unit in units:
        kept = [n for n, line in enumerate(unit.lines) if line.sample_id not in names]
        if kept:
            yield unit.select(kept)


def _declared_alphabet(options: RecordOptions) -> Alphabet | None:
    """Returns the alphabet that the texts must fit, None where it is made of them."""
    if options.alphabet == DATA_ALPHABET:
        return None
    named = LATIN if options.alphabet == LATIN_ALPHABET else read_alphabet(Path(options.alphabet))
    if options.unknown == MARK_UNKNOWN and UNKNOWN not in named.symbols:
        return Alphabet(named.symbols + UNKNOWN)
    return named


def _explain_outside(outside: str) -> str:
    return (
        f"expected characters of the alphabet, got {outside!r} (--alphabet data takes those of the "
        "texts, --set unknown=mark reads them as unknown)"
    )
