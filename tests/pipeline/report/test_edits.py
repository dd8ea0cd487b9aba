from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from pipeline.report.edits import OPEN_BOX, Span, align

# Few letters, so that most pairs share some.
TEXTS = st.text(alphabet="ab <ß", max_size=12)


def test_each_kind_of_edit_is_told_apart():
    assert align("the pig", "tha pixg") == (
        Span("equal", "th", "th"),
        Span("substituted", "e", "a"),
        Span("equal", " pi", " pi"),
        Span("inserted", "", "x"),
        Span("equal", "g", "g"),
    )
    assert align("old", "od") == (
        Span("equal", "o", "o"),
        Span("deleted", "l", ""),
        Span("equal", "d", "d"),
    )


def test_equal_texts_are_one_span_and_empty_texts_none():
    assert align("same", "same") == (Span("equal", "same", "same"),)
    assert align("", "") == ()


def test_notes_say_what_happened_and_show_spaces():
    assert Span("equal", "a b", "a b").note == ""
    assert Span("substituted", "e", "c").note == "read “c” instead of “e”"
    assert Span("inserted", "", " ").note == f"added “{OPEN_BOX}”"
    assert Span("deleted", "x y", "").note == f"missed “x{OPEN_BOX}y”"


def test_a_missed_space_can_be_seen_and_a_right_one_stays_a_space():
    assert Span("deleted", " ", "").shown == OPEN_BOX
    assert Span("equal", "a b", "a b").shown == "a b"


@given(truth=TEXTS, reading=TEXTS)
def test_spans_join_to_both_texts_and_cost_the_edit_distance(truth, reading):
    spans = align(truth, reading)
    assert "".join(span.truth for span in spans) == truth
    assert "".join(span.reading for span in spans) == reading
    cost = sum(max(len(s.truth), len(s.reading)) for s in spans if s.kind != "equal")
    assert cost == Levenshtein.distance(truth, reading)
