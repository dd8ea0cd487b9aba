import math

from pipeline.report.slices import SHOWN, group_slices
from tests.pipeline.report.metric_results import metric


def values(group) -> list[str]:
    return [each.value for each in group.slices]


def on(*names: str):
    return [metric(slice_name=name) for name in names]


def test_slices_are_grouped_by_feature_in_an_order_that_people_expect():
    metrics = [
        metric(),
        *on("length_band: 11-30", "length_band: 8-10", "length_band: 101+"),
        *on("vocabulary: mixed", "vocabulary: seen", "vocabulary: unseen"),
        metric(name="wer", slice_name="length_band: 8-10"),
    ]
    lengths, words = group_slices(metrics, "cer")
    assert lengths.title == "Length in characters"
    assert values(lengths) == ["8\N{EN DASH}10", "11\N{EN DASH}30", "101+"]
    assert values(words) == ["seen", "mixed", "unseen"]
    assert lengths.hidden == words.hidden == 0


def test_a_feature_with_one_value_says_nothing_new():
    assert group_slices([metric(), *on("source: iam", "writer: -")], "cer") == []
    [group] = group_slices(on("writer: -", "writer: w1"), "cer")
    assert values(group) == ["not known", "w1"]


def test_a_lone_slice_that_was_refused_is_shown_unless_all_examples_were():
    lone = metric(slice_name="source: iam", refused=True)
    assert values(group_slices([metric(), lone], "cer")[0]) == ["iam"]
    assert group_slices([metric(refused=True), lone], "cer") == []


def test_names_with_colons_and_marks_stay_whole():
    [group] = group_slices(on("writer: a: b-1", "writer: ½2"), "cer")
    assert values(group) == ["a: b-1", "½2"]


def test_of_many_the_refused_and_then_the_certainly_worst_are_shown():
    many = [
        metric(slice_name=f"writer: w{n}", value=(n / 100, n / 200, n / 50)) for n in range(998)
    ]
    refused = metric(slice_name="writer: bad", value=(0.0, 0.0, 0.1), refused=True)
    # A bad value on too little to know its interval proves nothing.
    unsure = metric(slice_name="writer: rare", value=(99.0, math.nan, math.nan))
    [group] = group_slices([*many, unsure, refused], "cer")
    assert values(group) == ["bad", *(f"w{n}" for n in range(997, 998 - SHOWN, -1))]
    assert group.hidden == 1000 - SHOWN


def test_where_more_is_better_the_worst_are_the_lowest():
    many = [
        metric(name="accuracy", slice_name=f"writer: w{n}", value=(n / 50, 0.0, n / 20))
        for n in range(20)
    ]
    [group] = group_slices(many, "accuracy")
    assert values(group) == [f"w{n}" for n in range(SHOWN)]
