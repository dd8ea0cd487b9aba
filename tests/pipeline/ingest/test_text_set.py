import hypothesis.strategies as st
from hypothesis import given

from pipeline.ingest.text_set import TextSet

TEXTS = st.lists(st.text(alphabet="ab\u00e9", max_size=3), max_size=20)


@given(st.lists(TEXTS, max_size=5))
def test_what_is_new_is_what_a_set_in_memory_lacks(blocks: list[list[str]]) -> None:
    texts, plain = TextSet(), set[str]()
    for block in blocks:
        expected = []
        for text in block:
            expected.append(text not in plain)
            plain.add(text)
        assert texts.add(block).tolist() == expected
    assert len(texts) == len(plain)


def test_many_texts_are_all_found_again() -> None:
    texts = TextSet()
    block = [f"text {number}" for number in range(20_000)]
    assert texts.add(block[:15_000]).all()
    assert texts.add(block).tolist() == [False] * 15_000 + [True] * 5_000
    assert len(texts) == 20_000


@given(TEXTS, TEXTS)
def test_a_copy_does_not_change_the_first(before: list[str], after: list[str]) -> None:
    first = TextSet()
    first.add(before)
    copy = first.copy()
    copy.add(after)
    assert len(first) == len(set(before))
    assert not copy.add(before).any()
