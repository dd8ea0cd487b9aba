"""One frame of a prefix beam search: beams stay or grow, equal prefixes merge, the best remain.

The step inside the loop of `transforms.beam_search`, for all beams of all lines at once. A loop in
a graph pays for each operation, not for its size: whatever can be had with fewer of them is. So
probabilities are no logarithms here; they are scaled after each frame instead.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from schema.alphabet import BLANK
from transforms.ngram import END, START, NgramAutomaton

# A prefix is known by a polynomial hash. The product of base and modulus fits in int64. The modulus
# is prime, and texts that differ in few characters cannot meet: they are numbers to this base.
_BASE = 211
_MODULUS = 2**55 - 55


class LanguageBonus(NamedTuple):
    """What the language model adds to a text's score, as tables to walk.

    Args:
      bonus: float32 [states * classes], row by row: alpha * log p + beta of each next character;
        in the column `END` alpha * log p of the line's end.
      next_state: int32 [states * classes].
      num_classes: columns of the tables.
    """

    bonus: tf.Tensor
    next_state: tf.Tensor
    num_classes: int

    @classmethod
    def of(
        cls, automaton: NgramAutomaton, alpha: float | tf.Tensor, beta: float | tf.Tensor
    ) -> "LanguageBonus":
        """Weighs a language model; alpha and beta may be tensors, for a search over them."""
        states, num_classes = automaton.log_prob.shape
        characters = np.tile(np.float32(np.arange(num_classes) != END), states)
        bonus = tf.constant(automaton.log_prob.ravel()) * alpha + tf.constant(characters) * beta
        return cls(bonus, tf.constant(automaton.next_state.ravel()), num_classes)

    def after(self, state: tf.Tensor, number: tf.Tensor | int) -> tf.Tensor:
        """Returns the bonus of classes in states, int64 of the same shape."""
        return tf.gather(self.bonus, state * self.num_classes + number)

    def step(self, state: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        """Returns the states, int64, that classes lead to."""
        found = tf.gather(self.next_state, state * self.num_classes + number)
        return tf.cast(found, tf.int64)


class Frame(NamedTuple):
    """What the network says of n lines at one time, or at t times where there is a first axis."""

    probability: tf.Tensor  # float32 [n, classes]
    top_probability: tf.Tensor  # float32 [n, k], of the characters that are tried
    top_class: tf.Tensor  # int64 [n, k]
    closed: tf.Tensor  # bool [n, 1], whether a certain blank follows


class Beams(NamedTuple):
    """The prefixes under consideration, [n, width] each, best first.

    Probabilities are those of all paths that spell a prefix, up to a factor for each line.
    """

    name: tf.Tensor  # int64, hash of the prefix
    parent: tf.Tensor  # int64, hash of the prefix without its last character
    last: tf.Tensor  # int64, class of the last character, BLANK for the empty prefix
    state: tf.Tensor  # int64, of the language model
    blank: tf.Tensor  # float32, probability of the paths that end in a blank
    label: tf.Tensor  # float32, of those that end in the last character
    total: tf.Tensor  # float32, of both
    bonus: tf.Tensor  # float32, what the language model has added

    @property
    def score(self) -> tf.Tensor:
        """Log probability with the bonus, float32 [n, width], up to a constant for each line."""
        return tf.math.log(self.total) + self.bonus


def first_beams(lines: tf.Tensor, width: int) -> Beams:
    """Returns the empty prefix, and places without a prefix, whose hashes nothing else has."""
    slots = tf.tile(tf.range(width, dtype=tf.int64)[tf.newaxis], [lines, 1])
    nothing = tf.zeros_like(slots)
    certain = tf.one_hot(tf.zeros([lines], tf.int32), width)
    return Beams(
        name=-slots,
        parent=nothing - width,
        last=nothing + BLANK,
        state=nothing + START,
        blank=certain,
        label=tf.zeros_like(certain),
        total=certain,
        bonus=tf.zeros_like(certain),
    )


def advance(
    beams: Beams, frame: Frame, language: LanguageBonus, width: int
) -> tuple[Beams, tf.Tensor]:
    """Reads one frame.

    Returns:
      the new beams, and int64 [n, width, 2]: the beam that each came from and the class of the
      character that begins here, `BLANK` where it only stayed.
    """
    of_last = tf.gather(frame.probability, beams.last, batch_dims=1)  # [n, w]
    blank = frame.probability[:, BLANK : BLANK + 1] * beams.total
    label = of_last * beams.label
    stays = blank + label
    # Beam j is beam i with one character more: what i gives by growing belongs to j.
    grown = tf.equal(beams.parent[:, :, tf.newaxis], beams.name[:, tf.newaxis, :])  # [n, j, i]
    repeats = tf.equal(beams.last[:, :, tf.newaxis], beams.last[:, tf.newaxis, :])
    source = tf.where(repeats, beams.blank[:, tf.newaxis, :], beams.total[:, tf.newaxis, :])
    enters = of_last * tf.reduce_sum(tf.where(grown, source, 0.0), axis=2)  # [n, j]

    longer = _grow(beams, frame, grown)  # [n, w, k]
    tried = longer.shape[2]
    gain = language.after(beams.state[:, :, tf.newaxis], frame.top_class[:, tf.newaxis, :])
    bonus = tf.concat([beams.bonus, _flat(beams.bonus[:, :, tf.newaxis] + gain)], 1)
    labels = tf.concat([label + enters, _flat(longer)], 1)  # [n, w + w * k]
    totals = tf.concat([stays + enters, _flat(longer)], 1)
    chosen = tf.math.top_k(tf.math.log(totals) + bonus, width).indices  # [n, w]

    is_new = chosen >= width
    number = chosen - width
    slot = tf.where(is_new, number // tried, chosen)
    # The trail follows the likelier way into a prefix: it may have been tried before its time.
    came = tf.where(enters > stays, tf.argmax(grown, axis=2), np.arange(width))
    packed = tf.stack([beams.name, beams.parent, beams.last, beams.state, came], 2)
    name, parent, last, state, came = tf.unstack(tf.gather(packed, slot, batch_dims=1), axis=2)
    added = tf.gather(frame.top_class, number % tried, batch_dims=1)
    slot = tf.cast(slot, tf.int64)
    begins = tf.where(is_new, added, tf.where(tf.equal(came, slot), np.int64(BLANK), last))
    trail = tf.stack([tf.where(is_new, slot, came), begins], 2)

    total = tf.gather(totals, chosen, batch_dims=1)
    scale = 1.0 / tf.reduce_max(total, axis=1, keepdims=True)
    paused = tf.where(is_new, 0.0, tf.gather(blank, slot, batch_dims=1))
    spelled = tf.gather(labels, chosen, batch_dims=1)
    kept = Beams(
        name=tf.where(is_new, (name * _BASE + added) % _MODULUS, name),
        parent=tf.where(is_new, name, parent),
        last=tf.where(is_new, added, last),
        state=tf.where(is_new, language.step(state, added), state),
        blank=scale * tf.where(frame.closed, total, paused),
        label=scale * tf.where(frame.closed, 0.0, spelled),
        total=scale * total,
        bonus=tf.gather(bonus, chosen, batch_dims=1),
    )
    return kept, trail


def _grow(beams: Beams, frame: Frame, grown: tf.Tensor) -> tf.Tensor:
    """Returns the probability of each beam with each tried character added, [n, w, k].

    0 where the longer prefix is a beam itself.
    """
    same = tf.equal(beams.last[:, :, tf.newaxis], frame.top_class[:, tf.newaxis, :])  # [n, w, k]
    source = tf.where(same, beams.blank[:, :, tf.newaxis], beams.total[:, :, tf.newaxis])
    # Over j: beam j is beam i grown, by character k.
    there = tf.matmul(tf.cast(grown, tf.float32), tf.cast(same, tf.float32), transpose_a=True)
    return tf.where(there > 0, 0.0, source * frame.top_probability[:, tf.newaxis, :])


def _flat(grid: tf.Tensor) -> tf.Tensor:
    """Lays [n, w, k] out as [n, w * k]."""
    return tf.reshape(grid, [-1, grid.shape[1] * grid.shape[2]])
