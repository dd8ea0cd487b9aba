from dataclasses import replace

import numpy as np
import pytest

from pipeline.ingest import lines, text_rows
from pipeline.ingest.emnist_files import IMAGES_NAME, LABELS_NAME, MAPPING_NAME
from pipeline.ingest.idx import write_idx
from pipeline.ingest.lines import (
    LineOptions,
    classify_vocabulary,
    plan_lines,
    plan_texts,
)
from schema.errors import InputError
from schema.features import MIXED, SEEN, UNSEEN
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION
from transforms.words import words_of

OPTIONS = LineOptions(train_lines=300, validation_lines=60, test_lines=100)
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def lists(texts):
    return {split: list(rows) for split, rows in texts.items()}


@pytest.fixture(scope="module")
def texts():
    return lists(plan_texts(OPTIONS, LETTERS))


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
    assert lists(plan_texts(OPTIONS, LETTERS)) == texts
    other = LineOptions(train_lines=300, validation_lines=60, test_lines=100, seed=1)
    assert lists(plan_texts(other, LETTERS)) != texts


@pytest.mark.parametrize("size", [3, 2**13])
@pytest.mark.parametrize("corpus", [False, True])
def test_lists_and_sets_in_memory_choose_the_same(tmp_path, monkeypatch, corpus, size):
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(f"these are words of line {n} of {n % 90}" for n in range(1500)))
    options = replace(OPTIONS, max_length=14, corpus=str(path) if corpus else None)
    characters = LETTERS | {" "}
    pools = (
        lines._corpus_pools(options, path, characters)
        if corpus
        else lines._generated_pools(options, characters)
    )
    expected, taken = {}, set()
    for number, split in enumerate(SPLITS):
        chance = np.random.default_rng([options.seed, number])
        expected[split] = []
        for pool in pools[split]:
            fresh = [text for text in dict.fromkeys(pool.texts) if text not in taken]
            chosen = [fresh[place] for place in chance.permutation(len(fresh))[: pool.wanted]]
            expected[split] += chosen
            taken.update(chosen)
    monkeypatch.setattr(text_rows, "BLOCK_TEXTS", size)
    assert lists(plan_texts(options, LETTERS)) == expected


def test_each_line_is_in_one_chunk_of_its_split(glyph_folder):
    plan = plan_lines(glyph_folder, OPTIONS)
    for split in SPLITS:
        chunks = [chunk for chunk in plan.chunks() if chunk.split == split]
        assert [chunk.first for chunk in chunks] == list(range(0, OPTIONS.count(split), 256))
        assert [text for chunk in chunks for text in chunk.texts] == list(plan.texts[split])
    assert {kind for chunk in chunks for kind in chunk.vocabularies} >= {SEEN, UNSEEN}


def test_balancing_is_for_training_glyphs_only(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (600, 28, 28), np.uint8)
    labels = np.array([0] * 400 + [1] * 200, np.uint8)
    for split, kept in (("train", slice(0, 600, 2)), ("test", slice(1, 600, 2))):
        write_idx(tmp_path / IMAGES_NAME.format(name="ab", split=split), images[kept])
        write_idx(tmp_path / LABELS_NAME.format(name="ab", split=split), labels[kept])
    (tmp_path / MAPPING_NAME.format(name="ab")).write_text(f"0 {ord('a')}\n1 {ord('b')}\n")
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join("ab" * n for n in range(1, 15)))
    counts = {}
    for balance in (False, True):
        options = LineOptions(1, 1, 1, corpus=str(corpus), balance=balance)
        glyphs = plan_lines(tmp_path, options).glyphs
        for split in SPLITS:
            characters = getattr(glyphs, split).characters.tolist()
            counts[split, balance] = characters.count("a"), characters.count("b")
    a, b = counts[TRAIN, False]
    # The median of two classes lies halfway between them.
    assert counts[TRAIN, True] == (min(a, (a + b) // 2), min(b, (a + b) // 2))
    assert counts[VALIDATION, True] == counts[VALIDATION, False]
    assert counts[TEST, True] == counts[TEST, False] == (200, 100)


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
