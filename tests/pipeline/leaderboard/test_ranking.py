import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.leaderboard.entry import Entry
from pipeline.leaderboard.ranking import choose, pareto_front, rank, split_groups
from schema.errors import InputError

FIGURES = st.floats(0, 1) | st.just(math.nan)


def test_best_first_and_what_has_no_figure_last(entry):
    entries = [entry("none"), entry("bad", 0.2), entry("nan", math.nan), entry("good", 0.1)]
    assert [each.name for each in rank(entries)][:2] == ["good", "bad"]


def test_tasks_data_sets_and_trials_are_not_ranked_against_each_other(entry):
    trials = [entry(f"search/{i}", kind="trial", validation_error=0.05 * i) for i in (2, 1)]
    pages = entry("pages", 0.001, task="detector", dataset="pages")
    entries = [*trials, entry("model", 0.1), pages, entry("other", 0.2, dataset="emnist")]
    groups = split_groups(rank(entries))
    names = [[each.name for each in group] for group in groups]
    assert names == [["pages"], ["other"], ["model"], ["search/1", "search/2"]]


def test_filters_by_task_data_set_and_span(entry):
    old, new = entry("old", 0.1, spans=(1,)), entry("new", 0.1, spans=(1, 2))
    pages = entry("pages", 0.1, task="detector", dataset="pages")
    entries = [old, new, pages]
    assert choose(entries, span=2) == [new]
    assert choose(entries, task="lines") == [old, new]
    assert choose(entries, dataset="pages") == [pages]
    with pytest.raises(InputError, match=r"none with --span 9: .*the spans 1, 2"):
        choose(entries, span=9)


def test_the_front_holds_what_nothing_cheaper_beats(entry):
    entries = [entry("a", 0.3, 1.0), entry("b", 0.1, 2.0), entry("c", 0.2, 3.0), entry("d", 0.1)]
    assert [each.name for each in pareto_front(entries, lambda each: each.latency_ms)] == ["a", "b"]


@given(st.lists(st.tuples(FIGURES, FIGURES), max_size=12))
def test_nothing_dominates_the_front_and_it_dominates_the_rest(figures):
    entries = [
        Entry(str(i), "model", "lines", "d", "n", validation_error=error, latency_ms=cost)
        for i, (error, cost) in enumerate(figures)
    ]
    front = pareto_front(entries, lambda each: each.latency_ms)
    for each in entries:
        if math.isnan(each.error) or math.isnan(each.latency_ms):
            assert each not in front
        else:
            assert any(f.error <= each.error and f.latency_ms <= each.latency_ms for f in front)
    for one, other in itertools.pairwise(front):
        assert one.latency_ms < other.latency_ms
        assert one.error > other.error
