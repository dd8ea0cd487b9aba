import string

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.features import DIGITS, KINDS, LOWER, OTHER, UPPER
from transforms.slices import character_kinds, cluster_of, length_band, width_band

EAGERLY_AND_IN_GRAPH = pytest.mark.parametrize("run", [lambda f: f, tf.function])

BY_HAND = {
    "1905": [DIGITS],
    "IV": [UPPER],
    "ab": [LOWER],
    "Ab 12, c": [DIGITS, UPPER, LOWER, OTHER],
    "Été à Reims": [UPPER, LOWER],
    "e\u0301": [LOWER],  # a combining acute is part of its letter
    "E\u0301": [UPPER],
    "\u01c5": [UPPER],  # a title case digraph
    "\u0661": [DIGITS],  # Arabic-Indic one
    "\u05d0": [OTHER],  # a letter without case
    "§": [OTHER],
    "a\nB": [UPPER, LOWER],
    "a b\t\vc": [LOWER],  # spaces do not count
    " \u00a0": [OTHER],
    "": [OTHER],
}


def kinds_of(texts, run=lambda f: f):
    sparse = run(character_kinds)(tf.constant(texts, shape=[len(texts), 1], dtype=tf.string))
    ragged = tf.RaggedTensor.from_sparse(sparse)  # refuses gaps, as Transform does
    return [[kind.decode() for kind in row] for row in ragged.to_list()]


@EAGERLY_AND_IN_GRAPH
def test_kinds_by_hand(run):
    assert kinds_of(list(BY_HAND), run) == list(BY_HAND.values())


@EAGERLY_AND_IN_GRAPH
def test_a_batch_of_no_lines_has_no_kinds(run):
    assert kinds_of([], run) == []


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text(), min_size=1, max_size=5))
def test_each_text_has_kinds_each_of_them_once(texts):
    for kinds in kinds_of(texts):
        assert kinds
        assert kinds == [kind for kind in KINDS if kind in kinds]


@settings(deadline=None, max_examples=100)
@given(st.text(string.printable, min_size=1))
def test_kinds_of_ascii_are_those_of_python(text):
    expected = {
        DIGITS: any(map(str.isdigit, text)),
        UPPER: any(map(str.isupper, text)),
        LOWER: any(map(str.islower, text)),
        OTHER: text.isspace() or any(c in string.punctuation for c in text),
    }
    assert kinds_of([text]) == [[kind for kind in KINDS if expected[kind]]]


@EAGERLY_AND_IN_GRAPH
def test_lengths_are_told_in_characters_not_bytes(run):
    texts = ["", "x", "é" * 10, "é" * 11, "x" * 30, "x" * 31, "ꝑ" * 60, "ꝑ" * 61, "x" * 999]
    bands = run(length_band)(tf.constant([[text] for text in texts]))
    expected = ["1-10"] * 3 + ["11-30"] * 2 + ["31-60"] * 2 + ["61+"] * 2
    assert [[name.encode()] for name in expected] == bands.numpy().tolist()


def test_a_combining_mark_counts_as_in_the_error_rate():
    # Five letters with an accent of their own: ten characters; with one letter more eleven.
    texts = ["q\u0301" * 5, "q\u0301" * 5 + "a"]
    assert length_band(tf.constant(texts)).numpy().tolist() == [b"1-10", b"11-30"]


@EAGERLY_AND_IN_GRAPH
def test_widths_are_told_in_bands(run):
    widths = tf.constant([[1], [200], [201], [400], [401], [800], [801], [8192]], tf.int64)
    names = ["1-200", "1-200", "201-400", "201-400", "401-800", "401-800", "801+", "801+"]
    assert run(width_band)(widths).numpy().tolist() == [[name.encode()] for name in names]


@EAGERLY_AND_IN_GRAPH
def test_an_example_goes_with_its_writer_else_its_page_else_alone(run):
    source = tf.constant([["iam"], ["pages"], ["emnist"], ["iam"]])
    writer = tf.constant([["007"], [""], [""], ["007"]])
    page = tf.constant([["a01-000u"], ["p1"], [""], [""]])
    names = tf.constant([["test/1"], ["test/2"], ["test/3"], ["test/4"]])
    assert run(cluster_of)(source, writer, page, names).numpy().tolist() == [
        [b"iam writer 007"],
        [b"pages page p1"],
        [b"test/3"],
        [b"iam writer 007"],
    ]


def test_equal_ids_of_two_sources_and_of_writer_and_page_differ():
    rows = [("a", "1", ""), ("b", "1", ""), ("a", "", "1")]
    source, writer, page = (tf.constant(column) for column in zip(*rows, strict=True))
    clusters = cluster_of(source, writer, page, tf.fill([3], "x")).numpy().tolist()
    assert len(set(clusters)) == 3
