import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from pipeline.span_check.compare import allowed_divergences, chance, compare_statistics
from pipeline.span_check.histograms import BINS, QUANTILES, count_in_bins
from schema import features
from schema.features import LINE_SCHEMA_FILE, PAGE_SCHEMA_FILE
from serving.monitor.divergence import jensen_shannon

SCHEMA = text_format.Parse(
    """
    feature { name: "a" drift_comparator { jensen_shannon_divergence { threshold: 0.02 } } }
    feature { name: "s" drift_comparator { jensen_shannon_divergence { threshold: 0.02 } } }
    feature { name: "free" }
    """,
    schema_pb2.Schema(),
)


def statistics(**columns):
    options = tfdv.StatsOptions(num_quantiles_histogram_buckets=QUANTILES)
    made = tfdv.generate_statistics_from_dataframe(pd.DataFrame(columns), options)
    return made.datasets[0]


def feature(values):
    [found] = statistics(a=np.asarray(values)).features
    return found


def quantiles(values):
    """Returns statistics of numbers that hold what is looked at alone; TFDV takes 0.2 s each."""
    made = statistics_pb2.FeatureNameStatistics()
    made.path.step.append("a")
    histogram = made.num_stats.histograms.add(type=statistics_pb2.Histogram.QUANTILES)
    shares = np.linspace(0, 1, QUANTILES + 1)
    edges = np.quantile(values, shares, method="inverted_cdf")
    for low, high in pairwise(edges):
        histogram.buckets.add(low_value=low, high_value=high, sample_count=len(values) / QUANTILES)
    return made


def counts(last, now, make=quantiles):
    return count_in_bins(make(last), make(now))


def test_bins_hold_a_tenth_of_the_last_span_each():
    counted = counts(np.arange(1000.0), np.arange(1000.0))
    assert len(counted.bins) == BINS + 2
    assert counted.last[1:-1] == pytest.approx([100] * BINS, abs=2)
    assert counted.now == pytest.approx(counted.last)
    assert (counted.last[0], counted.last[-1]) == (0, 0)
    assert counted.last_median == pytest.approx(499.5, abs=1)


def test_what_lies_beyond_the_last_span_is_counted_apart():
    counted = counts(np.arange(100.0), np.r_[[-5.0] * 20, np.arange(60.0), [200.0] * 20])
    assert (counted.now[0], counted.now[-1]) == pytest.approx((20, 20), abs=1.5)
    assert counted.now.sum() == pytest.approx(100)
    assert (counted.bins[0], counted.bins[-1]) == ("below 0", "above 99")


@pytest.mark.parametrize(("now", "place"), [(27, 0), (28, 1), (29, 2)])
def test_a_feature_that_never_varied_may_not_begin_to(now, place):
    counted = counts([28] * 50, [now] * 40)
    assert counted.bins == ("below 28", "28", "above 28")
    assert counted.last == pytest.approx([0, 50, 0])
    assert counted.now == pytest.approx([40 * (number == place) for number in range(3)])


@given(
    st.lists(st.integers(-5, 5), min_size=5, max_size=60),
    st.lists(st.integers(-8, 8), min_size=5, max_size=60),
)
def test_nothing_is_lost_in_bins(last, now):
    counted = counts(last, now)
    assert counted.last.sum() == pytest.approx(len(last))
    assert counted.now.sum() == pytest.approx(len(now))
    assert min(counted.last.min(), counted.now.min()) >= -1e-9
    assert len(counted.bins) == len(counted.last) == len(counted.now)


def test_counts_from_quantiles_give_the_divergence_of_the_values():
    rng = np.random.default_rng(0)
    last, now = rng.normal(0, 1, 4000), rng.normal(0.5, 1.2, 4000)
    counted = counts(last, now, feature)
    edges = np.quantile(last, np.linspace(0, 1, BINS + 1))
    exact = [np.histogram(each, [-np.inf, *edges, np.inf])[0] for each in (last, now)]
    measured = jensen_shannon(counted.last, counted.now)
    assert measured == pytest.approx(float(jensen_shannon(*exact)), abs=0.003)


def test_categories_are_their_own_bins():
    counted = count_in_bins(feature(["x"] * 30 + ["y"] * 10), feature(["y"] * 5 + ["z"] * 5))
    assert counted.bins == ("x", "y", "z")
    assert counted.last.tolist() == [30, 10, 0]
    assert counted.now.tolist() == [0, 5, 5]
    assert counted.last_median is None


def test_a_feature_of_another_type_has_nothing_in_common():
    assert count_in_bins(feature(["x"] * 5), feature([1.0] * 5)) is None


@pytest.mark.parametrize(
    ("sizes", "share"), [((200, 80), 0.05), ((320, 40), 0.01), ((60, 60), 0.01)]
)
def test_what_diverges_by_chance_is_as_rare_as_asked_for(sizes, share):
    rng = np.random.default_rng(1)
    last, now = (rng.multinomial(size, [0.1] * 10, 20000) for size in sizes)
    allowed = chance(sizes[0] * np.full(10, 0.1), sizes[1] * np.full(10, 0.1), share)
    assert (jensen_shannon(last, now) > allowed).mean() == pytest.approx(share, rel=0.3)


def test_a_single_bin_leaves_nothing_to_chance():
    assert chance(np.array([5.0, 0.0]), np.array([9.0, 0.0]), 0.01) == 0


def test_spans_of_one_distribution_are_seldom_told_apart():
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(300):
        last, now = (
            {"train": statistics_pb2.DatasetFeatureStatistics(features=[made])}
            for made in (quantiles(rng.gamma(2, 10, size)) for size in (300, 120))
        )
        compared = compare_statistics(now, last, SCHEMA, 0.05)
        alarms += any(shift.skewed for shift in compared.shifts)
    assert alarms <= 25  # 15 are expected; 26 or more come of them less than once in 100


def test_a_shift_is_found_and_told_with_its_medians():
    rng = np.random.default_rng(3)
    last = {"train": statistics(a=rng.normal(100, 10, 500), s=["x"] * 500, free=[1.0] * 500)}
    now = {"train": statistics(a=rng.normal(130, 10, 200), s=["x"] * 200, free=[9.0] * 200)}
    compared = compare_statistics(now, last, SCHEMA, 0.01)
    assert [(shift.feature, shift.skewed) for shift in compared.shifts] == [
        ("a", True),
        ("s", False),
    ]
    [worst, _] = compared.shifts
    assert worst.last_median == pytest.approx(100, abs=2)
    assert worst.now_median == pytest.approx(130, abs=3)
    assert math.fsum(worst.last) == pytest.approx(1)
    assert not compared.notes


def test_what_cannot_be_compared_is_said():
    last = {"train": statistics(a=[1.0] * 50)}
    now = {"train": statistics(a=[1.0] * 50, s=["x"] * 50), "test": statistics(a=[1.0] * 5)}
    compared = compare_statistics(now, last, SCHEMA, 0.01)
    assert [shift.feature for shift in compared.shifts] == ["a"]
    assert compared.notes == (
        "s has no values in train of the last span: not compared",
        "the last span had no split test: nothing to compare it with",
    )


def test_splits_too_small_to_tell_are_named_and_left_out():
    rng = np.random.default_rng(4)
    last, now = (
        {
            split: statistics_pb2.DatasetFeatureStatistics(features=[quantiles(values[:size])])
            for split, size in (("train", 200), ("test", 6))
        }
        for values in (rng.normal(0, 1, 200), rng.normal(9, 1, 200))
    )
    compared = compare_statistics(now, last, SCHEMA, 0.01)
    assert [(shift.split, shift.skewed) for shift in compared.shifts] == [("train", True)]
    assert "test has too few examples to tell every change from chance" in compared.notes


@pytest.mark.parametrize("file", [LINE_SCHEMA_FILE, PAGE_SCHEMA_FILE])
def test_the_curated_schemas_say_what_is_compared(file):
    allowed = allowed_divergences(text_format.Parse(file.read_text(), schema_pb2.Schema()))
    assert {features.BRIGHTNESS_MEAN, features.SHARPNESS, features.IMAGE_HEIGHT} <= set(allowed)
    assert not {features.SAMPLE_ID, features.WRITER, features.IMAGE} & set(allowed)
    assert all(0 < each < 1 for each in allowed.values())
