import jiwer
from hypothesis import given
from hypothesis import strategies as st

from transforms.edit_distance import EditCounts, count_edits


def test_by_hand():
    # "kitten" -> "sitting": k/s, e/i, +g. Words: one of two differs.
    assert count_edits("the kitten", "the sitting") == EditCounts(2, 1, 0, 10, 1, 2)
    assert count_edits("abc", "") == EditCounts(0, 0, 3, 3, 1, 1)
    assert count_edits("", "ab") == EditCounts(0, 2, 0, 0, 1, 0)


words = st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=5).map(" ".join)


@given(words, words)
def test_agrees_with_jiwer(truth, reading):
    counts = count_edits(truth, reading)
    assert counts.character_edits / counts.characters == jiwer.cer(truth, reading)
    assert counts.word_edits / counts.words == jiwer.wer(truth, reading)
