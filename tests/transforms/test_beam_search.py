import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from schema.alphabet import BLANK
from transforms.beam_search import decode_beam
from transforms.ctc import blank_padding
from transforms.ngram import NgramAutomaton, learn_ngrams
from transforms.prefix_beams import LanguageBonus

CLASSES = 3
SILENT = LanguageBonus.of(NgramAutomaton.silent(CLASSES), 0.0, 0.0)
LEARNED = learn_ngrams([[1, 2, 1], [1, 1], [2, 1, 1, 2], []], CLASSES, order=3, max_states=50)


def spell(path):
    return tuple(number for number, _ in itertools.groupby(path) if number != BLANK)


def enumerate_texts(logits):
    """Adds up every path: text -> log probability."""
    log_probability = tf.nn.log_softmax(logits).numpy().astype(np.float64)
    texts = {}
    for path in itertools.product(range(log_probability.shape[1]), repeat=len(log_probability)):
        steps = zip(log_probability, path, strict=True)
        likelihood = math.exp(sum(row[number] for row, number in steps))
        texts[spell(path)] = texts.get(spell(path), 0.0) + likelihood
    return {text: math.log(likelihood) for text, likelihood in texts.items()}


def texts_of(classes):
    return [tuple(number for number in row if number != BLANK) for row in classes.numpy()]


def random_logits(lines, frames, classes=CLASSES, scale=1.5, seed=0):
    noise = np.random.default_rng(seed).normal(scale=scale, size=(lines, frames, classes))
    return tf.constant(noise, tf.float32)


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (0.7, 0.0), (1.5, 1.1), (0.4, -0.8)])
@pytest.mark.parametrize("frames", [1, 2, 6])
def test_agrees_with_the_sum_over_all_paths(frames, alpha, beta):
    logits = random_logits(20, frames)
    wide = 3 ** (frames // 2 + 1) * 4  # no prefix is ever dropped
    language = LanguageBonus.of(LEARNED, alpha, beta)
    classes, posterior = decode_beam(logits, language, wide, CLASSES)
    for line, text, log_posterior in zip(logits, texts_of(classes), posterior.numpy(), strict=True):
        scores = {
            candidate: value + alpha * LEARNED.log_probability(candidate) + beta * len(candidate)
            for candidate, value in enumerate_texts(line).items()
        }
        assert text == max(scores, key=scores.get)
        everything = math.log(sum(math.exp(score) for score in scores.values()))
        assert log_posterior == pytest.approx(scores[text] - everything, abs=1e-4)


def test_paths_of_one_text_add_up_where_the_best_path_spells_another():
    # Blank, blank has 0.36; but "a" has 0.4 * 0.4 + 2 * 0.6 * 0.4 = 0.64.
    logits = tf.math.log([[[0.6, 0.4], [0.6, 0.4]]])
    language = LanguageBonus.of(NgramAutomaton.silent(2), 0.0, 0.0)
    classes, posterior = decode_beam(logits, language, 4, 1)
    assert texts_of(classes) == [(1,)]
    assert math.exp(posterior[0]) == pytest.approx(0.64, abs=1e-5)


def test_the_language_model_decides_where_the_network_cannot():
    logits = tf.math.log([[[0.02, 0.96, 0.02], [0.96, 0.02, 0.02], [0.02, 0.49, 0.49]]])
    for text in ([1, 1], [1, 2]):
        automaton = learn_ngrams([text] * 5, CLASSES, order=2, max_states=10)
        classes, _ = decode_beam(logits, LanguageBonus.of(automaton, 1.0, 0.0), 8, 2)
        assert texts_of(classes) == [tuple(text)]


def test_characters_begin_where_they_are_likely_not_where_they_were_first_tried():
    sure = 9.0
    path = [0, 0, 1, 1, 0, 0, 2, 0, 2]
    logits = tf.one_hot([path], CLASSES, sure, 0.0)
    classes, _ = decode_beam(logits, SILENT, 8, 2)
    assert classes.numpy()[0].tolist() == [0, 0, 1, 0, 0, 0, 2, 0, 2]


def test_skipped_frames_change_neither_text_nor_place():
    rng = np.random.default_rng(1)
    paths = rng.integers(0, 5, (12, 10)).repeat(4, axis=1)
    logits = 14.0 * tf.one_hot(paths, 5) + random_logits(12, 40, 5, scale=0.4)
    language = LanguageBonus.of(NgramAutomaton.silent(5), 0.0, 0.0)
    every = decode_beam(logits, language, 8, 4)
    fewer = decode_beam(logits, language, 8, 4, certain=0.999)
    np.testing.assert_array_equal(every[0], fewer[0])
    np.testing.assert_allclose(every[1], fewer[1], atol=1e-3)


def test_padding_changes_nothing():
    logits = random_logits(3, 7)
    noise = random_logits(3, 5, seed=1)
    padded = blank_padding(tf.concat([logits, noise], 1), tf.constant([7, 7, 7]))
    language = LanguageBonus.of(LEARNED, 0.8, 0.3)
    for certain in (1.0, 0.999):
        alone = decode_beam(logits, language, 16, 2, certain)
        beside = decode_beam(padded, language, 16, 2, certain)
        np.testing.assert_array_equal(alone[0], beside[0][:, :7])
        np.testing.assert_allclose(alone[1], beside[1], atol=1e-5)


def test_a_narrow_beam_is_never_better_than_a_wide_one():
    logits = random_logits(10, 12, 6)
    language = LanguageBonus.of(NgramAutomaton.silent(6), 0.0, 0.0)

    def log_likelihood(width):
        texts = decode_beam(logits, language, width, 5)[0]
        labels = tf.ragged.boolean_mask(texts, texts > 0)
        return -tf.nn.ctc_loss(
            labels.to_sparse(), logits, None, tf.fill([10], 12), False, blank_index=BLANK
        ).numpy()

    assert np.all(log_likelihood(1) <= log_likelihood(400) + 1e-4)


def test_runs_in_a_graph_of_any_number_of_lines_and_frames():
    @tf.function(input_signature=[tf.TensorSpec([None, None, CLASSES])])
    def decode(logits):
        return decode_beam(logits, LanguageBonus.of(LEARNED, 0.8, 0.3), 6, 2, 0.99)

    for lines, frames in ((4, 9), (1, 1), (0, 5), (2, 0)):
        logits = random_logits(lines, frames)
        in_graph = decode(logits)
        eager = decode_beam(logits, LanguageBonus.of(LEARNED, 0.8, 0.3), 6, 2, 0.99)
        np.testing.assert_array_equal(in_graph[0], eager[0])
        np.testing.assert_allclose(in_graph[1], eager[1], atol=1e-5)
        assert in_graph[0].shape == (lines, frames)
