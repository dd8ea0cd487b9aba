"""The beam search of `transforms.beam_search` without TensorFlow, one line at a time.

Used around a LiteRT model, like `transforms.ctc_numpy`. The same search, written for an interpreter
instead of a graph: prefixes are nodes of a tree, so that equal ones are the same node.
"""

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schema.alphabet import BLANK
from transforms.confidence_numpy import log_softmax
from transforms.ngram import END, START, NgramAutomaton


class Language:
    """What a language model adds to a text's score.

    Args:
      automaton: of the texts.
      alpha: weight of its log probabilities.
      beta: added for each character.
    """

    def __init__(self, automaton: NgramAutomaton, alpha: float, beta: float) -> None:
        self.bonus = np.float32(alpha) * automaton.log_prob
        self.bonus[:, np.arange(self.bonus.shape[1]) != END] += np.float32(beta)
        self.next_state = automaton.next_state


@dataclass(eq=False)
class _Prefix:
    """A text so far: the one before, and its last character."""

    parent: "_Prefix | None"
    last: int
    state: int
    bonus: float
    children: dict[int, "_Prefix"] = field(default_factory=dict)

    def grow(self, number: int, language: Language) -> "_Prefix":
        if number not in self.children:
            bonus = self.bonus + float(language.bonus[self.state, number])
            state = int(language.next_state[self.state, number])
            self.children[number] = _Prefix(self, number, state, bonus)
        return self.children[number]


class _Beam(NamedTuple):
    """A prefix under consideration, with the probabilities of the paths that spell it."""

    prefix: _Prefix
    blank: float  # of those that end in a blank
    total: float  # of all
    starts: tuple[int, ...]  # the frame where each character begins

    @property
    def score(self) -> float:
        return math.log(self.total) + self.prefix.bonus


class _Frame(NamedTuple):
    """What the network says at one time."""

    place: int
    probability: Sequence[float]  # [classes]
    tried: NDArray[np.int64]  # the likeliest characters
    closed: bool  # whether a certain blank follows


def decode_beam(
    logits: NDArray[np.float32],
    language: Language,
    width: int,
    candidates: int,
    certain: float = 1.0,
) -> tuple[NDArray[np.int32], float]:
    """Searches the text with the highest score.

    Args:
      logits: float32 [t, classes] of one line.
      language: as in `transforms.beam_search`, like the next three.
      width: as there.
      candidates: as there.
      certain: as there.

    Returns:
      classes, int32 [t]: the class where a character begins, `BLANK` elsewhere; and the text's log
      probability among the texts that are left in the beam.
    """
    beams: Sequence[_Beam] = [_Beam(_Prefix(None, BLANK, START, 0.0), 1.0, 1.0, ())]
    for frame in _choose_frames(np.exp(log_softmax(logits)), candidates, certain):
        beams = _advance(beams, frame, language, width)
    scores = [beam.score + float(language.bonus[beam.prefix.state, END]) for beam in beams]
    best = int(np.argmax(scores))
    classes = np.full(len(logits), BLANK, np.int32)
    classes[list(beams[best].starts)] = _spell(beams[best].prefix)
    return classes, float(scores[best] - np.logaddexp.reduce(scores))


def _choose_frames(
    probability: NDArray[np.float32], candidates: int, certain: float
) -> Iterator[_Frame]:
    """Leaves out the frames that are certain to be blank or to go on with the class before."""
    best = probability.argmax(axis=1)
    sure = probability.max(axis=1) > certain
    again = np.append(False, sure[1:] & sure[:-1] & (best[1:] == best[:-1]))
    pause = sure & (best == BLANK)
    places = np.flatnonzero(~(pause | again))
    # After the last frame there is nothing but paper.
    pause = np.append(pause, True)
    following = np.append(places, len(pause))[1:]
    order = np.argsort(-probability[places, 1:], axis=1, kind="stable")[:, :candidates] + 1
    for place, after, tried in zip(places, following, order, strict=True):
        yield _Frame(int(place), probability[place].tolist(), tried, bool(pause[after - 1]))


def _advance(
    beams: Sequence[_Beam], frame: _Frame, language: Language, width: int
) -> Sequence[_Beam]:
    """Reads one frame: beams stay or grow, equal prefixes merge, the best remain, best first."""
    found: list[tuple[float, _Beam | _Growth]] = [
        (beam.score, beam) for beam in _stay(beams, frame) if beam.total > 0
    ]
    found += _grow(beams, frame, language)
    best = heapq.nlargest(width, found, key=lambda scored: scored[0])
    kept = [each.beam(frame, language) if isinstance(each, _Growth) else each for _, each in best]
    highest = max(beam.total for beam in kept)
    return [
        beam._replace(
            blank=(beam.total if frame.closed else beam.blank) / highest,
            total=beam.total / highest,
        )
        for beam in kept
    ]


@dataclass(eq=False, slots=True)
class _Growth:
    """A beam with one character more."""

    source: _Beam
    number: int
    probability: float

    def beam(self, frame: _Frame, language: Language) -> _Beam:
        prefix = self.source.prefix.grow(self.number, language)
        return _Beam(prefix, 0.0, self.probability, (*self.source.starts, frame.place))


def _stay(beams: Sequence[_Beam], frame: _Frame) -> Iterator[_Beam]:
    """Yields the beams as they are after the frame, with what their parents give by growing."""
    known = {beam.prefix: beam for beam in beams}
    for beam in beams:
        prefix = beam.prefix
        of_last = frame.probability[prefix.last]
        blank = frame.probability[BLANK] * beam.total
        stays = blank + of_last * (beam.total - beam.blank)
        starts, enters = beam.starts, 0.0
        if prefix.parent in known:
            parent = known[prefix.parent]
            repeats = parent.prefix.last == prefix.last
            enters = of_last * (parent.blank if repeats else parent.total)
            # The likelier way into a prefix: it may have been tried before its time.
            if enters > stays:
                starts = (*parent.starts, frame.place)
        yield _Beam(prefix, blank, stays + enters, starts)


def _grow(
    beams: Sequence[_Beam], frame: _Frame, language: Language
) -> Iterator[tuple[float, _Growth]]:
    """Yields prefixes that are no beams yet, with their scores."""
    known = {beam.prefix for beam in beams}
    numbers = frame.tried.tolist()
    for beam in beams:
        prefix = beam.prefix
        gains = language.bonus[prefix.state, frame.tried].tolist()
        for number, gain in zip(numbers, gains, strict=True):
            source = beam.blank if number == prefix.last else beam.total
            probability = source * frame.probability[number]
            if probability > 0 and prefix.children.get(number) not in known:
                score = math.log(probability) + prefix.bonus + gain
                yield score, _Growth(beam, number, probability)


def _spell(prefix: _Prefix) -> list[int]:
    classes: list[int] = []
    while prefix.parent is not None:
        classes.append(prefix.last)
        prefix = prefix.parent
    return classes[::-1]
