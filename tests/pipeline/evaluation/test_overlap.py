import apache_beam as beam
import pytest
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluation.overlap import (
    NAMES_TOLD,
    Overlap,
    compare_example,
    find_overlap,
    mark_example,
)
from pipeline.ingest.example_bytes import serialise_example
from pipeline.pipeline import BEAM_ARGS
from schema import features
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION


def line(name, image=b"", glyphs=b"", text="same text", ink=1):
    return serialise_example(
        {
            features.SAMPLE_ID: name,
            features.TEXT: text,
            features.SOURCE: "s",
            features.WRITER: "w",
            features.IMAGE: image,
            features.GLYPHS: glyphs,
            features.LINE_HAS_INK: ink,
        }
    )


def make_pipeline():
    return beam.Pipeline(options=PipelineOptions(list(BEAM_ARGS)))


@pytest.fixture
def overlap_of(tmp_path):
    """Writes splits, each of several files, and compares them."""

    def run(**splits):
        for split in SPLITS:
            folder = tmp_path / f"Split-{split}"
            folder.mkdir()
            for shard in range(2):
                path = folder / f"transformed_examples-0000{shard}-of-00002.gz"
                with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
                    for serialised in splits.get(split, ())[shard::2]:
                        writer.write(serialised)
        return find_overlap(make_pipeline, str(tmp_path), str(tmp_path))

    return run


def test_shared_lines_are_counted_and_named(overlap_of):
    overlap = overlap_of(
        train=[line("train/0", b"A"), line("train/1", b"B"), line("train/2", b"B")],
        validation=[line("validation/0", b"B"), line("validation/1", b"C")],
        test=[line(f"test/{n}", image) for n, image in enumerate((b"D", b"C", b"B", b"A", b"A"))],
    )
    # B and A twice are in train, B and C in validation.
    assert overlap == Overlap(5, 3, 2, ("test/1", "test/2", "test/3"))
    assert overlap
    assert overlap.describe("lines") == (
        "of 5 test lines 3 also in train, 2 also in validation (test/1, test/2, test/3): "
        "keep the splits apart"
    )


def test_equal_text_writer_and_source_are_no_overlap(overlap_of):
    overlap = overlap_of(
        train=[line("train/0", b"A")],
        validation=[line("validation/0", b"B")],
        test=[line("test/0", b"C"), line("test/1", b"C")],  # twice within a split is none either
    )
    assert overlap == Overlap(test_examples=2)
    assert not overlap
    assert overlap.describe("lines") == "of 2 test lines none also elsewhere"


def test_splits_without_examples_overlap_with_nothing(overlap_of):
    assert overlap_of(train=[line("train/0", b"A")]) == Overlap()


def test_lines_of_the_same_glyphs_are_the_same_however_they_are_drawn():
    first, second = mark_example(line("a", b"A", b"G")), mark_example(line("b", b"B", b"G"))
    assert compare_example(first, second[1], frozenset()).shared_with_train == 1


def test_a_picture_is_not_taken_for_glyphs():
    picture, glyphs = mark_example(line("a", image=b"A")), mark_example(line("b", glyphs=b"A"))
    assert not compare_example(picture, glyphs[1], glyphs[1])


def test_blank_lines_are_left_out():
    blank = line("a", b"A", b"G", ink=0)
    assert mark_example(blank) == ("a", frozenset())


def test_pages_know_nothing_of_ink():
    page = serialise_example({features.SAMPLE_ID: "test/p1", features.IMAGE: b"A"})
    name, marks = mark_example(page)
    assert name == "test/p1"
    assert len(marks) == 1


PICTURES = st.lists(st.binary(min_size=1, max_size=2), max_size=12)


@settings(max_examples=100)
@given(PICTURES, PICTURES, PICTURES)
def test_it_counts_what_comparing_pictures_would(train, validation, test):
    marks = {
        split: frozenset().union(*(mark_example(line("x", image))[1] for image in images))
        for split, images in ((TRAIN, train), (VALIDATION, validation))
    }
    examples = [
        compare_example(mark_example(line(f"test/{n:02d}", image)), marks[TRAIN], marks[VALIDATION])
        for n, image in enumerate(test)
    ]
    found = [n for n, image in enumerate(test) if image in train or image in validation]
    expected = Overlap(
        len(test),
        sum(image in train for image in test),
        sum(image in validation for image in test),
        tuple(f"{TEST}/{n:02d}" for n in found[:NAMES_TOLD]),
    )
    assert sum(examples, Overlap()) == expected
    # In whatever order workers add them up.
    middle = len(examples) // 2
    assert sum(examples[middle:], Overlap()) + sum(examples[:middle], Overlap()) == expected
