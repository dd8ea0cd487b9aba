"""Pages of lines that are 10 high and 100 wide, one below the other."""

import jiwer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pages.error_rate import PageEdits, ReadPage, TruePage, count_page_edits
from schema import line_bands


def boxes_of(places):
    corners = [(20 * place, 0, 20 * place + 10, 100) for place in places]
    return np.array(corners, np.float32).reshape(-1, 4)


def page(*texts, unjudged=()):
    counted = np.array([place not in unjudged for place in range(len(texts))], bool)
    return TruePage(boxes_of(range(len(texts))), texts, counted)


def reading(*lines):
    """Lines as (place, text)."""
    return ReadPage(boxes_of([place for place, _ in lines]), [text for _, text in lines])


# Eleven characters: 3 + 1 + 4 + 1 + 2.
PAGE = page("one", "four", "me")


@pytest.mark.parametrize(
    ("lines", "edits"),
    [
        ([(0, "one"), (1, "four"), (2, "me")], 0),
        ([(0, "one"), (1, "fuor"), (2, "my")], 2 + 1),
        ([(0, "one"), (2, "me")], 4 + 1),  # missed: its characters and a break
        ([(0, "one"), (1, "four"), (2, "me"), (5, "xyz")], 3 + 1),  # false
        ([(0, "one"), (1, "four"), (2, "me"), (5, "")], 0),  # a box in which nothing was read
        ([(0, "one four"), (2, "me")], 1),  # merged: a space for a break
        ([(0, "onefour"), (2, "me")], 1),
        ([(0, "one"), (1, "fo"), (1, "ur"), (2, "me")], 1),  # torn apart
        ([(0, "one"), (2, "me"), (1, "four")], 6),  # swapped: "me" and a break, twice
        ([], 11),
    ],
)
def test_edits_by_hand(lines, edits):
    assert count_page_edits(PAGE, reading(*lines)) == PageEdits(edits, 11)


def test_an_empty_page_has_no_characters_and_as_many_edits_as_were_made_up():
    assert count_page_edits(page(), reading()) == PageEdits(0, 0)
    assert count_page_edits(page(), reading((0, "ab"), (1, "c"))) == PageEdits(4, 0)


def test_what_is_read_on_lines_that_are_not_judged_is_left_out():
    truth = page("one", "printed", "me", unjudged=[1])
    assert truth.text == "one\nme"
    full = reading((0, "one"), (1, "prinked"), (2, "me"))
    assert count_page_edits(truth, full) == PageEdits(0, 6)
    assert count_page_edits(truth, reading((0, "one"), (2, "me"))) == PageEdits(0, 6)
    # A box that is on no line at all is judged.
    assert count_page_edits(truth, reading((0, "one"), (2, "me"), (7, "x"))) == PageEdits(2, 6)


def test_a_page_comes_out_of_its_features():
    rows = np.zeros((3, line_bands.COLUMNS), np.float32)
    rows[:, line_bands.BOX] = boxes_of([0, 1, 2])
    rows[:2, line_bands.COUNTED] = 1
    truth = TruePage.from_rows(rows, ["one", "", "printed"])
    # The second line's text is not known, the third is not to be judged.
    assert truth.counted.tolist() == [True, False, False]
    assert truth.text == "one"
    read = reading((0, "one"), (1, "abc"), (2, "printed"))
    assert count_page_edits(truth, read) == PageEdits(0, 3)
    assert TruePage.from_rows(rows[:0], []).text == ""


LINE = st.text("abcé ", min_size=1, max_size=6).filter(lambda text: text == text.strip())


@given(st.lists(LINE, min_size=1, max_size=5), st.lists(LINE, max_size=5))
def test_it_is_what_jiwer_says_of_the_joined_lines(truth, read):
    counted = count_page_edits(page(*truth), reading(*enumerate(read)))
    assert counted.edits / counted.characters == jiwer.cer("\n".join(truth), "\n".join(read))


@given(st.lists(LINE, min_size=1, max_size=5), st.data())
def test_a_missed_line_costs_its_characters_and_a_break(texts, data):
    missed = data.draw(st.integers(0, len(texts) - 1))
    kept = [(place, text) for place, text in enumerate(texts) if place != missed]
    edits = count_page_edits(page(*texts), reading(*kept)).edits
    assert edits == len(texts[missed]) + (len(texts) > 1)
