import pytest

from pipeline.ingest.emnist import read_emnist
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.lines import (
    NO_GLYPH,
    LineOptions,
    classify_vocabulary,
    plan_lines,
    plan_texts,
    words_of,
)
from schema.errors import InputError
from schema.features import MIXED, SEEN, UNSEEN
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION

OPTIONS = LineOptions(train_lines=300, validation_lines=60, test_lines=100)
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


@pytest.fixture(scope="module")
def texts():
    return plan_texts(OPTIONS, LETTERS)


@pytest.fixture(scope="module")
def glyphs(glyph_folder):
    return read_emnist(find_emnist(glyph_folder))


def test_each_split_gets_its_number_of_distinct_lines(texts):
    for split in SPLITS:
        assert len(texts[split]) == len(set(texts[split])) == OPTIONS.count(split)
        assert max(map(len, texts[split])) <= OPTIONS.max_length


def test_no_text_is_in_two_splits(texts):
    every = [text for split in SPLITS for text in texts[split]]
    assert len(every) == len(set(every))


def test_only_what_can_be_written_is_written(texts):
    assert set("".join(text for split in SPLITS for text in texts[split])) <= LETTERS | {" "}


def test_the_promised_share_of_test_lines_has_unseen_words_only(texts):
    train_words = frozenset().union(*map(words_of, texts[TRAIN]))
    unseen = [t for t in texts[TEST] if classify_vocabulary(t, train_words) == UNSEEN]
    assert len(unseen) >= OPTIONS.unseen_share * OPTIONS.test_lines


def test_the_seed_decides(texts):
    assert plan_texts(OPTIONS, LETTERS) == texts
    other = LineOptions(train_lines=300, validation_lines=60, test_lines=100, seed=1)
    assert plan_texts(other, LETTERS) != texts


def test_glyphs_spell_the_text_and_spaces_have_none(texts, glyphs):
    for split in SPLITS:
        own = getattr(glyphs, split)
        for line in plan_lines(split, texts[split][:20], own, frozenset(), seed=0):
            spelled = "".join(
                " " if number == NO_GLYPH else own.characters[number] for number in line.glyphs
            )
            assert spelled == line.text


def test_a_repeated_character_is_not_one_repeated_glyph(glyphs):
    [line] = plan_lines(TRAIN, ["e" * 30], glyphs.train, frozenset(), seed=0)
    assert len(set(line.glyphs)) > 5


def test_a_line_is_planned_the_same_whatever_stands_before_it(texts, glyphs):
    def plan(lines):
        return list(plan_lines(TEST, lines, glyphs.test, frozenset(), seed=0))

    alone = plan(["x", texts[TEST][0]])[1]
    assert plan(["other line", texts[TEST][0]])[1] == alone


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat", SEEN),
        ("CAT!", SEEN),
        ("a cat, sat", MIXED),
        ("dog sat", UNSEEN),
        ("...", SEEN),
    ],
)
def test_vocabulary_is_judged_without_case_and_punctuation(text, expected):
    assert classify_vocabulary(text, frozenset({"the", "cat"})) == expected


def test_corpus_sentences_are_dealt_out_whole(tmp_path):
    path = tmp_path / "corpus.txt"
    sentences = [f"sentence number {n} tells about thing {n * n}" for n in range(400)]
    path.write_text("\n".join(sentences))
    options = LineOptions(50, 10, 10, corpus=str(path))
    texts = plan_texts(options, LETTERS)
    assert {split: len(texts[split]) for split in SPLITS} == {TRAIN: 50, VALIDATION: 10, TEST: 10}
    for split in SPLITS:
        assert all(any(text in sentence for sentence in sentences) for text in texts[split])


def test_short_corpus_is_refused_with_what_it_suffices_for(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(f"line {n}" for n in range(100)))
    with pytest.raises(InputError, match=r"1000 train lines, got \d+ from .*corpus.txt"):
        plan_texts(LineOptions(1000, 10, 10, corpus=str(path)), LETTERS)


def test_corpus_with_characters_that_have_no_glyph_is_refused(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("fine\nnot fine, for it has a comma\n")
    with pytest.raises(InputError, match=r"','.*line 2 of .*corpus.txt"):
        plan_texts(LineOptions(1, 1, 1, corpus=str(path)), LETTERS)


@pytest.mark.parametrize(
    "wrong", [{"train_lines": 0}, {"max_length": 0}, {"unseen_share": 1.0}, {"test_lines": -3}]
)
def test_impossible_options_are_refused(wrong):
    with pytest.raises(InputError, match="correct it"):
        LineOptions(**({"train_lines": 1, "validation_lines": 1, "test_lines": 1} | wrong))
