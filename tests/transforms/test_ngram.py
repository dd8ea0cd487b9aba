import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.ngram import END, START, NgramAutomaton, learn_ngrams

A, B = 1, 2
LINES = [[A, B], [A, A], []]
CLASSES = 4  # blank, a, b, and c that no line has


def state_after(automaton, classes):
    state = START
    for number in classes:
        state = int(automaton.next_state[state, number])
    return state


def test_unigrams_by_hand():
    automaton = learn_ngrams(LINES, CLASSES, order=1, max_states=9)
    # Counts: a 3, b 1, end 3; 7 in all, 3 distinct; the rest comes from 1/4 each.
    expected = [(3 + 3 / 4) / 10, (3 + 3 / 4) / 10, (1 + 3 / 4) / 10, (3 / 4) / 10]
    for row in automaton.log_prob:
        np.testing.assert_allclose(np.exp(row), expected, rtol=1e-6)


def test_bigrams_by_hand():
    automaton = learn_ngrams(LINES, CLASSES, order=2, max_states=9)
    unigram_a, unigram_b, unigram_end = 3.75 / 10, 1.75 / 10, 3.75 / 10
    # At the start: a 2, end 1; 3 in all, 2 distinct.
    start = np.exp(automaton.log_prob[START])
    assert start[A] == pytest.approx((2 + 2 * unigram_a) / 5)
    assert start[END] == pytest.approx((1 + 2 * unigram_end) / 5)
    # After a: b 1, a 1, end 1; 3 in all, 3 distinct.
    after_a = np.exp(automaton.log_prob[state_after(automaton, [A])])
    assert after_a[B] == pytest.approx((1 + 3 * unigram_b) / 6)
    assert automaton.log_probability([A, B]) == pytest.approx(
        math.log(start[A])
        + math.log(after_a[B])
        # After b: end 1; 1 in all, 1 distinct.
        + math.log((1 + unigram_end) / 2),
        abs=1e-5,
    )


def test_what_no_line_has_is_unlikely_but_possible():
    automaton = learn_ngrams(LINES, CLASSES, order=3, max_states=9)
    unknown = math.exp(automaton.log_prob[START, 3])
    assert 0 < unknown < math.exp(automaton.log_prob[START, B])
    # After it nothing is known but how often characters are.
    after = automaton.log_prob[state_after(automaton, [3])]
    np.testing.assert_allclose(after, automaton.log_prob[state_after(automaton, [3, 3])])


def test_longer_contexts_know_more():
    lines = [[A, A, B], [B, A, A]] * 10
    short, long = (learn_ngrams(lines, CLASSES, order, 99) for order in (2, 4))
    for line in lines[:2]:
        assert long.log_probability(line) > short.log_probability(line)


def test_rare_contexts_go_first():
    lines = [[A, B]] * 5 + [[B, B]]
    every = learn_ngrams(lines, CLASSES, order=3, max_states=99)
    few = learn_ngrams(lines, CLASSES, order=3, max_states=4)
    assert len(few.log_prob) <= 4 < len(every.log_prob)
    # "b" was seen 7 times and "a" 5 times; "a" at the start, which is as frequent, is left out
    # with it, for one bound holds for all.
    assert state_after(few, [B]) == state_after(few, [A, B])
    assert state_after(few, [A]) != state_after(few, [B])


def test_a_silent_model_has_no_opinion():
    silent = NgramAutomaton.silent(CLASSES)
    assert silent.log_probability([A, B, 3]) == 0


def test_no_lines_make_all_alike():
    automaton = learn_ngrams([], CLASSES, order=3, max_states=9)
    np.testing.assert_allclose(np.exp(automaton.log_prob), 1 / CLASSES, rtol=1e-6)


@pytest.mark.parametrize(("order", "max_states"), [(0, 9), (3, 1)])
def test_sizes_without_sense_are_refused(order, max_states):
    with pytest.raises(ValueError, match=f"got {order} and {max_states}"):
        learn_ngrams(LINES, CLASSES, order, max_states)


texts = st.lists(st.lists(st.integers(1, 3), max_size=6), max_size=8)


@settings(deadline=None, max_examples=40)
@given(texts, st.integers(1, 4), st.integers(2, 30))
def test_every_state_is_a_distribution_and_leads_to_states(lines, order, max_states):
    automaton = learn_ngrams(lines, CLASSES, order, max_states)
    assert len(automaton.log_prob) <= max_states
    np.testing.assert_allclose(np.exp(automaton.log_prob).sum(axis=1), 1, rtol=1e-5)
    assert automaton.next_state.min() >= 0
    assert automaton.next_state.max() < len(automaton.log_prob)


@settings(deadline=None, max_examples=40)
@given(texts, st.lists(st.integers(1, 3), max_size=6), st.integers(1, 4))
def test_the_automaton_is_the_recursion(lines, line, order):
    """Against Witten-Bell's formula, evaluated without states."""

    def probability(context, number):
        if context is None:
            return 1 / CLASSES
        seen = [
            padded[place + len(context)]
            for padded in ([-1, *each, END] for each in lines)
            for place in range(len(padded) - len(context))
            if padded[place : place + len(context)] == context and place + len(context) > 0
        ]
        shorter = probability(context[1:] if context else None, number)
        if not seen:
            return shorter
        distinct = len(set(seen))
        return (seen.count(number) + distinct * shorter) / (len(seen) + distinct)

    padded = [-1, *line, END]
    expected = sum(
        math.log(probability(padded[max(0, place - order + 1) : place], padded[place]))
        for place in range(1, len(padded))
    )
    automaton = learn_ngrams(lines, CLASSES, order, max_states=500)
    assert automaton.log_probability(line) == pytest.approx(expected, abs=1e-4)


def test_probabilities_of_all_short_lines_stay_below_one():
    automaton = learn_ngrams(LINES, 3, order=3, max_states=20)
    total = sum(
        math.exp(automaton.log_probability(line))
        for length in range(8)
        for line in itertools.product([A, B], repeat=length)
    )
    assert 0.95 < total < 1
