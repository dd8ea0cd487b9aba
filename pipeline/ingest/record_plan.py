"""Decides what becomes of each real line before any stage starts: its split, or why it is left out.

One pass over the source that keeps no picture; the ExampleGen reads the source again and takes
what was planned. Problems, duplicates and unknown characters are found here, where they can still
be told in one line.
"""

import functools
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from pipeline.ingest.alphabet_builder import build_alphabet, read_alphabet
from pipeline.ingest.corpus import hash_fraction
from pipeline.ingest.emnist import hash_images
from pipeline.ingest.lines import words_of
from pipeline.ingest.record_sources import (
    DATA_ALPHABET,
    LATIN_ALPHABET,
    RecordOptions,
    read_records,
)
from pipeline.ingest.records import LineRecord, Problem, Problems
from schema.alphabet import LATIN, Alphabet
from schema.errors import InputError
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION

HELD_OUT_SHARE = 0.1
"""Share of the writers, pages or lines that goes to validation, and the same again to test."""

_FIRST_CHOICE = (TEST, VALIDATION, TRAIN)
"""Of a picture that is in several splits, the copy in the first of these stays."""


@dataclass(frozen=True)
class RecordPlan:
    """What a source gives.

    Args:
      splits: sample id -> split, of the lines that are taken.
      characters: split -> characters of ground truth.
      train_words: words of the training lines.
      alphabet: what the network shall read.
      problems: the lines left out, and why.
      duplicates_dropped: split -> lines whose picture is there already.
    """

    splits: dict[str, str]
    characters: dict[str, int]
    train_words: frozenset[str]
    alphabet: Alphabet
    problems: tuple[Problem, ...]
    duplicates_dropped: dict[str, int]


@dataclass(frozen=True)
class _Seen:
    """What the pass keeps of a line."""

    sample_id: str
    text: str
    group: str
    official_split: str | None
    picture: int  # a hash of its pixels


@functools.lru_cache(maxsize=1)
def plan_records(folder: Path, options: RecordOptions) -> RecordPlan:
    """Reads a source once, once a process.

    Raises:
      InputError: too much of it is unusable, or too little is left for three splits.
    """
    problems = Problems(options.tolerated_share)
    declared = _declared_alphabet(options)
    seen = []
    records = read_records(folder, options, problems)
    for record in tqdm(records, desc=f"looking at {options.source}", unit="line", disable=None):
        outside = declared.outside(record.text) if declared else ""
        if outside:
            problems.leave_out(record.source, record.sample_id, _explain_outside(outside))
        else:
            seen.append(_look_at(record))
    problems.finish()
    splits = _split(seen, options)
    taken, dropped = _drop_duplicates(seen, splits)
    for split in SPLITS:
        if not any(splits[line.sample_id] == split for line in taken):
            raise InputError(
                f"expected lines in every split, got none in {split} of {len(seen)} in {folder}: "
                "give more pages, writers or lines, or another seed"
            )
    return RecordPlan(
        splits={line.sample_id: splits[line.sample_id] for line in taken},
        characters=Counter(
            {
                split: sum(len(line.text) for line in taken if splits[line.sample_id] == split)
                for split in SPLITS
            }
        ),
        train_words=frozenset().union(
            *(words_of(line.text) for line in taken if splits[line.sample_id] == TRAIN)
        ),
        alphabet=declared or build_alphabet(line.text for line in taken),
        problems=tuple(problems.found),
        duplicates_dropped=dropped,
    )


def _declared_alphabet(options: RecordOptions) -> Alphabet | None:
    """Returns the alphabet that the texts must fit, None where it is made of them."""
    if options.alphabet == DATA_ALPHABET:
        return None
    return LATIN if options.alphabet == LATIN_ALPHABET else read_alphabet(Path(options.alphabet))


def _explain_outside(outside: str) -> str:
    return (
        f"expected characters of the alphabet, got {outside!r} (--alphabet data takes those of the "
        "texts)"
    )


def _look_at(record: LineRecord) -> _Seen:
    return _Seen(
        sample_id=record.sample_id,
        text=record.text,
        group=record.writer or record.page or record.sample_id,
        official_split=record.split,
        picture=int(hash_images(record.image[None])[0]),
    )


def _split(seen: list[_Seen], options: RecordOptions) -> dict[str, str]:
    """Returns sample id -> split: the official one, else one for all lines of a writer or page."""
    groups = sorted(
        {line.group for line in seen if line.official_split is None},
        key=lambda group: hash_fraction(f"{options.seed} {group}"),
    )
    held_out = max(1, round(HELD_OUT_SHARE * len(groups)))
    dealt = dict.fromkeys(groups, TRAIN)
    dealt |= dict.fromkeys(groups[:held_out], TEST)
    dealt |= dict.fromkeys(groups[held_out : 2 * held_out], VALIDATION)
    return {line.sample_id: line.official_split or dealt[line.group] for line in seen}


def _drop_duplicates(
    seen: list[_Seen], splits: dict[str, str]
) -> tuple[list[_Seen], dict[str, int]]:
    """Keeps one line of each picture, in the split that needs it most."""
    chosen: dict[int, _Seen] = {}
    for line in sorted(seen, key=lambda line: _FIRST_CHOICE.index(splits[line.sample_id])):
        chosen.setdefault(line.picture, line)
    taken = [line for line in seen if chosen[line.picture] is line]
    all_lines = Counter(splits[line.sample_id] for line in seen)
    left = Counter(splits[line.sample_id] for line in taken)
    return taken, {split: all_lines[split] - left[split] for split in SPLITS}
