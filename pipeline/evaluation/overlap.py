"""Finds test examples that training or validation has seen too, by what they show.

Before the Evaluator measures anything: figures on such examples say nothing. Two examples are the
same when their transformed picture is, byte for byte (one deterministic encoder makes them all),
or when they are made of the same glyphs. An equal text is no overlap: people write the same words.
Nor are blank lines, which all look alike and hold no handwriting.

A Beam job reads the splits. It holds the hashes of the test examples in memory, 16 bytes each;
those of the other splits stream past them.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import apache_beam as beam
import tensorflow as tf

from schema import features
from schema.splits import TEST, TRAIN, VALIDATION

NAMES_TOLD = 3
"""Test examples that are named of those that overlap."""

_SHOWN = (features.IMAGE, features.GLYPHS)
_HASH_BYTES = 16  # by chance, two of a billion examples share one once in 10**20 times

Marks = frozenset[bytes]
"""Hashes of what one example shows, or many."""


@dataclass(frozen=True)
class Overlap:
    """What the test split has in common with the others.

    Args:
      test_examples: in the test split.
      shared_with_train: those of them that are in train as well.
      shared_with_validation: those of them that are in validation as well.
      sample_ids: the first `NAMES_TOLD` of those that are in either, by name.
    """

    test_examples: int = 0
    shared_with_train: int = 0
    shared_with_validation: int = 0
    sample_ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tells whether there is any."""
        return bool(self.shared_with_train or self.shared_with_validation)

    def __add__(self, other: "Overlap") -> "Overlap":
        """Adds what was found among other test examples."""
        return Overlap(
            self.test_examples + other.test_examples,
            self.shared_with_train + other.shared_with_train,
            self.shared_with_validation + other.shared_with_validation,
            tuple(sorted(self.sample_ids + other.sample_ids)[:NAMES_TOLD]),
        )

    def describe(self, unit: str) -> str:
        """Says in one line what overlaps, and what to do.

        Args:
          unit: what examples are called, as in "lines".
        """
        shared = {TRAIN: self.shared_with_train, VALIDATION: self.shared_with_validation}
        counts = [f"{count:,} also in {split}" for split, count in shared.items() if count]
        if not counts:
            return f"of {self.test_examples:,} test {unit} none also elsewhere"
        return (
            f"of {self.test_examples:,} test {unit} {', '.join(counts)} "
            f"({', '.join(self.sample_ids)}): keep the splits apart"
        )


def find_overlap(
    make_pipeline: Callable[[], beam.Pipeline], examples: str, scratch: str
) -> Overlap:
    """Compares the test split with the other two.

    Args:
      make_pipeline: of the runner that does the work.
      examples: URI of transformed examples, with a folder `Split-<name>` for each split.
      scratch: a folder that the workers write to and this process reads.
    """
    outcome = f"{scratch}/overlap"
    with make_pipeline() as pipeline:
        marked = {
            split: pipeline
            | f"Read {split}" >> beam.io.ReadFromTFRecord(f"{examples}/Split-{split}/*")
            | f"Mark {split}" >> beam.Map(mark_example)
            for split in (TRAIN, VALIDATION, TEST)
        }
        wanted = marked[TEST] | "Gather test marks" >> beam.CombineGlobally(_UniteMarks())
        seen = [
            marked[split]
            | f"Look for {split} marks" >> beam.Map(_common, beam.pvalue.AsSingleton(wanted))
            | f"Gather {split} marks" >> beam.CombineGlobally(_UniteMarks())
            for split in (TRAIN, VALIDATION)
        ]
        _ = (
            marked[TEST]
            | "Compare" >> beam.Map(compare_example, *map(beam.pvalue.AsSingleton, seen))
            | "Add up" >> beam.CombineGlobally(_add_up)
            | "Tell" >> beam.Map(lambda overlap: json.dumps(asdict(overlap)))
            | "Write" >> beam.io.WriteToText(outcome, shard_name_template="")
        )
    with tf.io.gfile.GFile(outcome) as file:
        told = json.load(file)
    return Overlap(**told | {"sample_ids": tuple(told["sample_ids"])})


def mark_example(serialised: bytes) -> tuple[str, Marks]:
    """Returns an example's name and the hashes of what it shows, none where it is blank."""
    feature = tf.train.Example.FromString(serialised).features.feature
    name = feature[features.SAMPLE_ID].bytes_list.value[0].decode()
    # Pages have no such feature.
    if 0 in feature[features.LINE_HAS_INK].int64_list.value:
        return name, frozenset()
    shown = ((key, b"".join(feature[key].bytes_list.value)) for key in _SHOWN)
    # Keyed, so that glyphs and pictures are never taken for one another.
    return name, frozenset(
        hashlib.blake2b(content, digest_size=_HASH_BYTES, key=key.encode()).digest()
        for key, content in shown
        if content
    )


def compare_example(marked: tuple[str, Marks], train: Marks, validation: Marks) -> Overlap:
    """Tells of one test example where else it is."""
    name, marks = marked
    in_train, in_validation = bool(marks & train), bool(marks & validation)
    found = in_train or in_validation
    return Overlap(1, int(in_train), int(in_validation), (name,) if found else ())


def _common(marked: tuple[str, Marks], wanted: Marks) -> tuple[str, Marks]:
    name, marks = marked
    return name, marks & wanted


def _add_up(overlaps: Iterable[Overlap]) -> Overlap:
    return sum(overlaps, Overlap())


class _UniteMarks(beam.CombineFn):
    """Gathers the marks of examples; the names are left behind."""

    def create_accumulator(self) -> set[bytes]:
        return set()

    def add_input(self, accumulator: set[bytes], element: tuple[str, Marks]) -> set[bytes]:
        accumulator |= element[1]
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[set[bytes]]) -> set[bytes]:
        return set().union(*accumulators)

    def extract_output(self, accumulator: set[bytes]) -> Marks:
        return frozenset(accumulator)
