"""A character n-gram model of the training texts, compiled to an automaton that a graph can walk.

Beside the network: the Trainer estimates it from the texts of the training split alone, and
`transforms.beam_search` asks it how likely the next character of a line is. NumPy only.

The estimate is Witten-Bell's (Witten and Bell, "The zero-frequency problem", 1991, method C), in
the interpolated form of Chen and Goodman ("An Empirical Study of Smoothing Techniques for
Language Modeling", 1999, section 2.5): a context that has seen many different continuations
trusts its own counts less. It needs no held-out text, and no count of counts, which a few
dozen symbols do not give.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schema.alphabet import BLANK

END = BLANK
"""Column of a line's end: no text has a blank, so the blank's column is free."""

START = 0
"""State at the beginning of a line."""

_BEGIN = -1
"""Stands before the first character of a line, only as context."""

Context = tuple[int, ...]
"""Class numbers that were written last, the latest at the end."""


@dataclass(frozen=True)
class NgramAutomaton:
    """A deterministic automaton over class numbers, one state a context.

    Args:
      log_prob: float32 [states, classes], natural logarithms: of each class as the next character,
        and of the line's end in column `END`. Each row's probabilities add up to 1.
      next_state: int32 [states, classes], where a character leads; `START` in column `END`.
    """

    log_prob: NDArray[np.float32]
    next_state: NDArray[np.int32]

    @classmethod
    def silent(cls, num_classes: int) -> "NgramAutomaton":
        """Returns a model with no opinion: one state, every logarithm 0."""
        shape = (1, num_classes)
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.int32))

    def log_probability(self, classes: Sequence[int]) -> float:
        """Returns the logarithm of a whole line's probability, its end included."""
        state, total = START, 0.0
        for number in classes:
            total += float(self.log_prob[state, number])
            state = int(self.next_state[state, number])
        return total + float(self.log_prob[state, END])


def learn_ngrams(
    lines: Iterable[Sequence[int]], num_classes: int, order: int, max_states: int
) -> NgramAutomaton:
    """Estimates the model.

    Args:
      lines: class numbers of each training text.
      num_classes: the alphabet's symbols and the blank.
      order: characters of an n-gram; a context has up to `order - 1`.
      max_states: contexts seen least are left out until so many remain; each state costs
        8 bytes a class.

    Returns:
      the automaton. A character that no line has keeps a small probability.

    Raises:
      ValueError: `order` or `max_states` is below 1 or 2.
    """
    if order < 1 or max_states < 2:
        raise ValueError(f"expected order >= 1 and max_states >= 2, got {order} and {max_states}")
    contexts = _keep_frequent(_count(lines, order), max_states)
    states = {context: number for number, context in enumerate(contexts)}
    probabilities = np.full((len(states), num_classes), 1 / num_classes)
    next_state = np.zeros((len(states), num_classes), np.int32)
    next_state[states[()]] = states[()]
    # Shorter contexts first: a longer one begins as a copy of what it backs off to.
    for context in sorted(contexts, key=len):
        state, shorter = states[context], states[context[1:]]
        probabilities[state] = _interpolate(contexts[context], probabilities[shorter])
        next_state[state] = next_state[shorter]
        for number in range(1, num_classes):
            if (longer := (*context, number)) in states:
                next_state[state, number] = states[longer]
    next_state[:, END] = START
    return NgramAutomaton(np.log(probabilities).astype(np.float32), next_state)


def _count(lines: Iterable[Sequence[int]], order: int) -> dict[Context, Counter[int]]:
    """Counts what follows each context of each length."""
    counts: dict[Context, Counter[int]] = {(_BEGIN,)[: order - 1]: Counter(), (): Counter()}
    for line in lines:
        symbols = (_BEGIN, *line, END)
        for position in range(1, len(symbols)):
            for length in range(min(order - 1, position) + 1):
                context = tuple(symbols[position - length : position])
                counts.setdefault(context, Counter())[symbols[position]] += 1
    return counts


def _keep_frequent(
    counts: dict[Context, Counter[int]], max_states: int
) -> dict[Context, Counter[int]]:
    """Keeps the contexts seen most often, the start first.

    A context's shorter ends and beginnings are seen at least as often as itself: with one bound
    for all, whatever a kept context backs off to is kept as well.
    """
    start, *others = counts
    totals = {context: counts[context].total() for context in others if context}
    ranked = sorted(totals.values(), reverse=True)
    room = max_states - 2  # beside the start and the empty context
    bound = ranked[room] + 1 if room < len(ranked) else 1
    kept = [context for context, total in totals.items() if total >= bound]
    return {context: counts[context] for context in dict.fromkeys((start, (), *kept))}


def _interpolate(following: Counter[int], shorter: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns Witten-Bell's distribution: own counts, and the shorter context's for the rest."""
    if not following:
        return shorter
    own = np.zeros_like(shorter)
    own[list(following)] = list(following.values())
    distinct = len(following)
    return (own + distinct * shorter) / (own.sum() + distinct)
