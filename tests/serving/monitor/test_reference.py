import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.errors import InputError
from serving.monitor.bins import (
    CategoryBins,
    NumberBins,
    learn_category_bins,
    learn_number_bins,
)
from serving.monitor.reference import FACTS_FILE, ROWS_FILE, Reference, load_reference

NUMBERS = st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=300)


def small_reference():
    return Reference(
        bins={"ink_ratio": NumberBins((0.0, 0.5)), "characters": CategoryBins(("a", " "))},
        counts={
            "ink_ratio": np.array([[0, 1, 0], [0, 0, 1]], np.uint16),
            "characters": np.array([[3, 1, 0], [0, 0, 2]], np.uint16),
        },
        quantiles={"ink_ratio": np.linspace(0, 1, 101)},
        low_confidence=0.25,
        unsure=np.array([False, True]),
        edits=np.array([0, 2]),
        characters=np.array([4, 2]),
        embeddings=np.array([[0.5, -1.0], [0.0, 2.0]], np.float32),
        schema='feature { name: "ink_ratio" }',
        words=frozenset({"dog", "été"}),
        facts={"model": "lines"},
    )


def test_a_reference_is_read_as_it_was_written(tmp_path):
    written = small_reference()
    written.save(tmp_path)
    read = load_reference(tmp_path)
    for each in dataclasses.fields(Reference):
        np.testing.assert_equal(getattr(read, each.name), getattr(written, each.name))
    assert len(read) == 2
    np.testing.assert_array_equal(read.totals["characters"], [3, 1, 2])


def test_a_folder_without_one_is_named(tmp_path):
    with pytest.raises(InputError, match="expected a monitoring reference, got no"):
        load_reference(tmp_path)


@pytest.mark.parametrize("file", [FACTS_FILE, ROWS_FILE])
def test_a_damaged_one_is_named(tmp_path, file):
    small_reference().save(tmp_path)
    (tmp_path / file).write_bytes((tmp_path / file).read_bytes()[:40])
    with pytest.raises(InputError, match=f"in {tmp_path}: take the files"):
        load_reference(tmp_path)


def test_counts_that_do_not_fit_their_bins_are_refused(tmp_path):
    odd = dataclasses.replace(
        small_reference(),
        bins={"ink_ratio": NumberBins((0.0,)), "characters": CategoryBins(("a",))},
    )
    odd.save(tmp_path)
    with pytest.raises(InputError, match="counts of ink_ratio have shape"):
        load_reference(tmp_path)


@given(NUMBERS)
def test_learned_bins_count_every_value_once(values):
    counts = learn_number_bins(values).count(values)
    assert counts.sum() == len(values)
    assert np.count_nonzero(counts) >= min(len(set(values)), 2)


def test_learned_bins_hold_about_as_many_values_each():
    values = np.random.default_rng(0).normal(size=1400)
    counts = learn_number_bins(values).count(values)
    assert len(counts) == 16
    assert counts[[0, -1]].tolist() == [7, 7]
    assert counts[2:-2].min() >= 99
    assert counts[2:-2].max() <= 109


def test_edges_lie_between_the_values():
    assert not {1, 2, 3, 9}.intersection(learn_number_bins([1, 2, 2, 3, 3, 3, 9]).edges)


def test_one_value_makes_three_bins():
    assert learn_number_bins([28.0] * 5).count([27, 28, 28, 29]).tolist() == [1, 2, 1]


def test_what_lies_beyond_frequent_outer_values_has_a_bin_of_its_own():
    bins = learn_number_bins([0.0] * 50 + [1.0] * 50)
    assert bins.count([-1.0, 0.0, 1.0, 2.0, 3.0]).tolist() == [1, 1, 1, 2]


def test_rare_categories_are_counted_together():
    bins = learn_category_bins(["a"] * 700 + ["b"] * 299 + ["z"])
    assert bins.categories == ("a", "b")
    assert bins.count(["b", "z", "new", "a", "a"]).tolist() == [2, 1, 2]
    assert bins.names == ("a", "b", "(others)")


def test_number_bins_have_names():
    assert NumberBins((3.0, 4.5)).names == ("< 3", "3 to 4.5", ">= 4.5")


@pytest.mark.parametrize("edges", [(), (1.0, 1.0), (2.0, 1.0)])
def test_edges_that_do_not_rise_are_refused(edges):
    with pytest.raises(ValueError, match="expected rising edges"):
        NumberBins(edges)
