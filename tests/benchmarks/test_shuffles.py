"""What the benchmark of shuffles counts, and what it makes of it."""

import importlib
from pathlib import Path

import apache_beam as beam
import pytest

from pipeline.beam.options import IN_PROCESS

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def shuffles(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("shuffles")


def grouped(shuffles, elements):
    """Returns the bytes that a grouping and a sum by key take of so many elements."""
    watch = shuffles.ShuffleWatch()
    watch.stage = "Sum"
    with shuffles.watch_groupings(watch), beam.Pipeline(argv=list(IN_PROCESS)) as pipeline:
        pairs = pipeline | beam.Create([("key", 1000 + n) for n in range(elements)])
        _ = pairs | "Group" >> beam.GroupByKey()
        _ = pairs | "Add" >> beam.CombinePerKey(sum)
    return watch.found["Sum"]


def test_groupings_are_counted_by_name_and_sums_after_they_were_added_up(shuffles):
    few, many = grouped(shuffles, 10), grouped(shuffles, 1000)
    # A pair is "key" after its length, a number and what tells time, window and pane.
    assert 10 * 6 < few["Group"] < 10 * 40
    assert many["Group"] == 100 * few["Group"]
    [added] = (name for name in many if name.startswith("Add"))
    assert few[added] <= many[added] < few[added] + 10


def test_a_line_costs_the_slope(shuffles):
    small = {"Ingest": {"places": 1_100}, "Statistics": {"sums": 500, "names": 40}}
    large = {"Ingest": {"places": 2_000}, "Statistics": {"sums": 500, "names": 40}}
    told = shuffles.summarise(small, large, (100, 1_000))
    # 900 bytes for 900 lines; 1,100 - 100.
    assert told["Ingest"]["bytes_a_line"] == 1.0
    assert told["Ingest"]["bytes_at_start"] == 1_000
    assert told["Statistics"]["bytes_a_line"] == 0.0
    assert told["Statistics"]["bytes_at_start"] == 540
    assert list(told["Statistics"]["largest"]) == ["sums", "names"]
    assert told["Ingest"]["largest"] == {"places": {"100": 1_100, "1000": 2_000}}
