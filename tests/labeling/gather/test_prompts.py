from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.gather.mistakes import read_mistakes
from labeling.gather.prompts import SHORTEST, choose, write_texts
from pipeline.estimate import Estimate
from pipeline.evaluation.verdict import Verdict, write_verdict
from pipeline.gate import ACCURACY, CER
from pipeline.run_result import Confusion, MetricResult
from schema.alphabet import LATIN, Alphabet
from schema.errors import InputError


def verdict(confusions, blessed=True, metric=CER):
    figure = MetricResult(metric, "", 100, Estimate(0.1, 0.05, 0.2))
    return Verdict(blessed, (), 0.95, (figure,), confusions=tuple(confusions))


def test_texts_keep_to_alphabet_and_length():
    texts = write_texts(LATIN, 3, 30)
    assert len(texts) > 300
    assert not LATIN.outside("".join(texts))
    assert all(SHORTEST <= len(text) <= 30 and text == text.strip() for text in texts)
    assert texts != write_texts(LATIN, 4, 30)


def test_texts_of_the_user_s_own(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("друг, когда же дела закончатся", encoding="utf-8")
    alphabet = Alphabet(" ,абвгдежзийклмнопрстуфхцчшщъыьэюя")
    assert write_texts(alphabet, 0, 22, path) == ["друг, когда же дела"]
    with pytest.raises(InputError, match="or give texts of your own with --prompts"):
        write_texts(alphabet, 0, 20)


def test_what_the_model_gets_wrong_is_asked_for():
    texts = write_texts(LATIN, 3, 30)
    plain = Counter("".join(choose(texts, 9, {}, {})))
    wrong = Counter("".join(choose(texts, 9, {"j": 9, "U": 5}, {})))
    assert wrong["j"] + wrong["U"] > 2 * (plain["j"] + plain["U"])


def test_what_was_written_often_gives_way():
    texts = ["jjjj jjjj", "qqqq qqqq"]
    assert choose(texts, 1, {"j": 2, "q": 1}, {}) == ["jjjj jjjj"]
    assert choose(texts, 1, {"j": 2, "q": 1}, {"j": 100}) == ["qqqq qqqq"]


@given(
    st.lists(st.text("abcj ", min_size=1), max_size=6, unique=True),
    st.integers(0, 8),
    st.sets(st.text("abcj ", min_size=1), max_size=3),
)
def test_each_text_is_asked_for_once(texts, count, asked):
    chosen = choose(texts, count, {"j": 3}, {}, asked)
    assert len(set(chosen)) == len(chosen) <= count
    assert set(chosen) <= set(texts) - asked


def test_mistakes_are_those_of_the_line_model_blessed_last(tmp_path):
    folder = tmp_path / "artifacts" / "own-lines" / "Evaluator" / "evaluation"
    found = [Confusion("j", "f", 5), Confusion("j", "i", 2), Confusion("", "x", 9)]
    write_verdict(verdict([*found, Confusion(" ", "", 9), Confusion("U", "", 3)]), folder / "4")
    write_verdict(verdict([Confusion("Z", "2", 5)], blessed=False), folder / "9")
    write_verdict(verdict([Confusion("Q", "O", 5)], metric=ACCURACY), folder / "10")
    mistakes = read_mistakes(tmp_path)
    assert mistakes.counts == {"j": 7, "U": 3}
    assert (mistakes.worst, mistakes.source) == (("j", "U"), "own-lines")


@pytest.mark.parametrize("workspace", [None, "empty"])
def test_without_a_model_no_mistakes_are_known(tmp_path, workspace):
    mistakes = read_mistakes(workspace and tmp_path / workspace)
    assert (mistakes.counts, mistakes.source) == ({}, "")
