"""CTC prefix beam search in graph, with a character n-gram model where one is given.

The slower and better sibling of `transforms.ctc.decode_greedy`. Greedy decoding takes the best
path; here the paths that spell the same text add up (Graves, "Supervised Sequence Labelling with
Recurrent Neural Networks", 2012, section 7.5.3), and the language model's opinion is added to each
character as its prefix grows (Hannun et al., "First-Pass Large Vocabulary Continuous Speech
Recognition using Bi-Directional Recurrent DNNs", 2014). A text's score is

    log p(text | line) + alpha * log p(text) + beta * characters.

All beams of all lines step together through the frames, in TensorFlow's own operations.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from schema.alphabet import BLANK
from transforms.ctc import CERTAIN, blank_padding
from transforms.ngram import END, START, NgramAutomaton

IMPOSSIBLE = -1e30
"""Logarithm of 0; finite, for the difference of two infinities is no number."""

# A prefix is known by a polynomial hash. The product of base and modulus fits in int64. The modulus
# is prime, and texts that differ in few characters cannot meet: they are numbers to this base.
_BASE = 211
_MODULUS = 2**55 - 55


class LanguageBonus(NamedTuple):
    """What the language model adds to a text's score, as tables to walk.

    Args:
      bonus: float32 [states, classes], alpha * log p + beta of each next character; the column
        `END` has alpha * log p of the line's end.
      next_state: int32 [states, classes].
    """

    bonus: tf.Tensor
    next_state: tf.Tensor

    @classmethod
    def of(
        cls, automaton: NgramAutomaton, alpha: float | tf.Tensor, beta: float | tf.Tensor
    ) -> "LanguageBonus":
        """Weighs a language model; alpha and beta may be tensors, for a search over them."""
        num_classes = automaton.log_prob.shape[1]
        characters = np.float32(np.arange(num_classes) != END)
        bonus = tf.constant(automaton.log_prob) * alpha + tf.constant(characters) * beta
        return cls(bonus, tf.constant(automaton.next_state))


class _Frames(NamedTuple):
    """The frames to search, time first, and the classes worth trying in each."""

    log_probability: tf.Tensor  # float32 [t, n, classes]
    top_log_probability: tf.Tensor  # float32 [t, n, k]
    top_class: tf.Tensor  # int32 [t, n, k]
    closed: tf.Tensor  # bool [t, n], a certain blank follows


class _Beams(NamedTuple):
    """The prefixes under consideration, [n, width] each, best first."""

    name: tf.Tensor  # int64, hash of the prefix
    parent: tf.Tensor  # int64, hash of the prefix without its last character
    last: tf.Tensor  # int32, class of the last character, BLANK for the empty prefix
    state: tf.Tensor  # int32, of the language model
    blank: tf.Tensor  # float32, log probability of the paths that end in a blank
    label: tf.Tensor  # float32, of those that end in the last character
    total: tf.Tensor  # float32, of all its paths
    bonus: tf.Tensor  # float32, what the language model has added


def decode_beam(
    logits: tf.Tensor,
    language: LanguageBonus,
    width: int,
    candidates: int,
    certain: float = 1.0,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Searches the text with the highest score.

    Args:
      logits: float32 [n, t, classes], padding frames as certain blanks.
      language: of the texts; with `NgramAutomaton.silent` the network decides alone.
      width: prefixes kept after each frame.
      candidates: classes tried in each frame, the likeliest ones.
      certain: a probability above this counts as 1, and the search steps over the frames that
        change nothing then: blanks, and those that go on with the class before. 1 steps over none.

    Returns:
      classes, int32 [n, t]: the class where a character begins, `BLANK` elsewhere; and the text's
      log probability among the texts that are left in the beam, float32 [n].
    """
    lines, length = tf.unstack(tf.shape(logits)[:2])
    # One frame of padding more: a loop needs a frame, and no line may have one.
    padded = blank_padding(tf.pad(logits, [[0, 0], [0, 1], [0, 0]]), tf.fill([lines], length))
    frames, places = _choose_frames(tf.nn.log_softmax(padded), candidates, certain)
    beams, trail = _search(frames, language, width)
    score = beams.total + beams.bonus + _look_up(language.bonus, beams.state, END)
    best = tf.argmax(score, axis=1, output_type=tf.int32)
    classes = _trace(trail, best)  # [n, kept]
    rows = tf.broadcast_to(tf.range(lines)[:, tf.newaxis], tf.shape(places))
    spread = tf.scatter_nd(tf.stack([rows, places], -1), classes, [lines, length + 1])
    return spread[:, :length], tf.reduce_max(tf.nn.log_softmax(score), axis=1)


def _choose_frames(
    log_probability: tf.Tensor, candidates: int, certain: float
) -> tuple[_Frames, tf.Tensor]:
    """Leaves out the frames that are certain to be blank or to go on with the class before.

    Returns:
      the frames to search, certain blanks where a line has fewer of them than another; and the
      places they came from, int32 [n, kept], each place once.
    """
    length, num_classes = tf.shape(log_probability)[1], log_probability.shape[-1]
    best = tf.argmax(log_probability, axis=-1, output_type=tf.int32)  # [n, t]
    sure = tf.exp(tf.reduce_max(log_probability, axis=-1)) > certain
    again = sure[:, 1:] & sure[:, :-1] & tf.equal(best[:, 1:], best[:, :-1])
    pause = sure & tf.equal(best, BLANK)
    keep = ~(pause | tf.pad(again, [[0, 0], [1, 0]]))
    counts = tf.reduce_sum(tf.cast(keep, tf.int32), axis=1)
    order = tf.argsort(tf.cast(~keep, tf.int32), axis=1, stable=True)
    kept = tf.reduce_max(tf.pad(counts, [[0, 1]], constant_values=1))
    inside = tf.sequence_mask(counts, kept)
    places = order[:, :kept]
    # What was left out before the next frame ends in a pause, if it has one.
    after = tf.pad(order, [[0, 0], [0, 1]])[:, 1 : kept + 1]
    following = tf.where(tf.sequence_mask(counts - 1, kept), after, length)
    closed = inside & tf.gather(pause, following - 1, batch_dims=1)
    blank = tf.one_hot(BLANK, num_classes, 0.0, -CERTAIN)
    rows = tf.where(
        inside[:, :, tf.newaxis], tf.gather(log_probability, places, batch_dims=1), blank
    )
    rows = tf.transpose(rows, [1, 0, 2])  # [kept, n, classes]
    top = tf.math.top_k(rows[:, :, 1:], min(candidates, num_classes - 1))
    return _Frames(rows, top.values, top.indices + 1, tf.transpose(closed)), places


def _search(frames: _Frames, language: LanguageBonus, width: int) -> tuple[_Beams, tf.TensorArray]:
    """Steps through the frames; the trail tells where each beam of each frame came from."""
    length = tf.shape(frames.log_probability)[0]
    trail = tf.TensorArray(tf.int32, size=length, element_shape=[None, width, 2])

    def step(
        time: tf.Tensor, beams: _Beams, trail: tf.TensorArray
    ) -> tuple[tf.Tensor, _Beams, tf.TensorArray]:
        frame = _Frames(*(tensor[time] for tensor in frames))
        beams, origin = _advance(beams, frame, language, width)
        return time + 1, beams, trail.write(time, origin)

    _, beams, trail = tf.while_loop(
        lambda time, *_: time < length,
        step,
        (tf.constant(0), _first_beams(tf.shape(frames.log_probability)[1], width), trail),
    )
    return beams, trail


def _first_beams(lines: tf.Tensor, width: int) -> _Beams:
    """Returns the empty prefix, and places without a prefix, whose hashes nothing else has."""
    slots = tf.tile(tf.range(width)[tf.newaxis], [lines, 1])
    nothing = tf.zeros_like(slots)
    return _Beams(
        name=-tf.cast(slots, tf.int64),
        parent=tf.fill([lines, width], tf.constant(-width, tf.int64)),
        last=nothing + BLANK,
        state=nothing + START,
        blank=tf.where(slots > 0, IMPOSSIBLE, 0.0),
        label=tf.fill([lines, width], IMPOSSIBLE),
        total=tf.where(slots > 0, IMPOSSIBLE, 0.0),
        bonus=tf.zeros([lines, width]),
    )


def _advance(
    beams: _Beams, frame: _Frames, language: LanguageBonus, width: int
) -> tuple[_Beams, tf.Tensor]:
    """Reads one frame: beams stay or grow by a character, equal prefixes merge, the best remain.

    Returns:
      the new beams, and int32 [n, width, 2]: the beam each came from and the class of the
      character that begins here, `BLANK` where it only stayed.
    """
    of_last = tf.gather(frame.log_probability, beams.last, batch_dims=1)  # [n, w]
    blank = frame.log_probability[:, BLANK : BLANK + 1] + beams.total
    label = of_last + beams.label
    stays = _add(blank, label)
    # Beam j is beam i with one character more: what i gives by growing belongs to j.
    grown = tf.equal(beams.parent[:, :, tf.newaxis], beams.name[:, tf.newaxis, :])  # [n, j, i]
    repeats = tf.equal(beams.last[:, :, tf.newaxis], beams.last[:, tf.newaxis, :])
    source = tf.where(repeats, beams.blank[:, tf.newaxis, :], beams.total[:, tf.newaxis, :])
    enters = of_last + tf.reduce_max(tf.where(grown, source, IMPOSSIBLE), axis=2)  # [n, j]

    longer = _grow(beams, frame, grown)  # [n, w, k]
    count = longer.shape[2]
    of_top = tf.broadcast_to(frame.top_class[:, tf.newaxis, :], tf.shape(longer))
    gain = _look_up(language.bonus, beams.state[:, :, tf.newaxis], of_top)
    bonus = tf.concat([beams.bonus, _flat(beams.bonus[:, :, tf.newaxis] + gain)], 1)
    labels = tf.concat([_add(label, enters), _flat(longer)], 1)  # [n, w + w * k]
    totals = tf.concat([_add(stays, enters), _flat(longer)], 1)
    chosen = tf.math.top_k(totals + bonus, width).indices  # [n, w]

    is_new = chosen >= width
    slot = tf.where(is_new, (chosen - width) // count, chosen)
    old = _Beams(*(tf.gather(tensor, slot, batch_dims=1) for tensor in beams))
    added = tf.gather(_flat(of_top), tf.maximum(chosen - width, 0), batch_dims=1)
    new_name = (old.name * _BASE + tf.cast(added, tf.int64)) % _MODULUS
    total = tf.gather(totals, chosen, batch_dims=1)
    closed = frame.closed[:, tf.newaxis]
    spelled = tf.gather(labels, chosen, batch_dims=1)
    paused = tf.where(is_new, IMPOSSIBLE, tf.gather(blank, slot, batch_dims=1))
    kept = _Beams(
        name=tf.where(is_new, new_name, old.name),
        parent=tf.where(is_new, old.name, old.parent),
        last=tf.where(is_new, added, old.last),
        state=tf.where(is_new, _look_up(language.next_state, old.state, added), old.state),
        blank=tf.where(closed, total, paused),
        label=tf.where(closed, IMPOSSIBLE, spelled),
        total=total,
        bonus=tf.gather(bonus, chosen, batch_dims=1),
    )
    # The trail follows the likelier way into a prefix: it had been tried before its time.
    before = tf.argmax(grown, axis=2, output_type=tf.int32)
    renewed = ~is_new & tf.gather(enters > stays, slot, batch_dims=1)
    origin = tf.where(renewed, tf.gather(before, slot, batch_dims=1), slot)
    return kept, tf.stack([origin, tf.where(is_new | renewed, kept.last, BLANK)], -1)


def _grow(beams: _Beams, frame: _Frames, grown: tf.Tensor) -> tf.Tensor:
    """Returns the log probability of each beam with each tried class added, [n, w, k].

    `IMPOSSIBLE` where the longer prefix is a beam itself.
    """
    tried = frame.top_class[:, tf.newaxis, :]
    same = tf.equal(beams.last[:, :, tf.newaxis], tried)  # [n, w, k]
    source = tf.where(same, beams.blank[:, :, tf.newaxis], beams.total[:, :, tf.newaxis])
    # Over j: beam j is beam i grown, by class k.
    there = tf.matmul(tf.cast(grown, tf.float32), tf.cast(same, tf.float32), transpose_a=True)
    longer = source + frame.top_log_probability[:, tf.newaxis, :]
    return tf.where(there > 0, IMPOSSIBLE, longer)


def _trace(trail: tf.TensorArray, best: tf.Tensor) -> tf.Tensor:
    """Follows the best beam [n] back: int32 [n, t], the class where a character begins."""
    length = trail.size()
    classes = tf.TensorArray(tf.int32, size=length, element_shape=[None])

    def step(
        time: tf.Tensor, slot: tf.Tensor, classes: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        origin = tf.gather(trail.read(time), slot, batch_dims=1)  # [n, 2]
        return time - 1, origin[:, 0], classes.write(time, origin[:, 1])

    *_, classes = tf.while_loop(lambda time, *_: time >= 0, step, (length - 1, best, classes))
    return tf.transpose(classes.stack())


def _add(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Adds probabilities given by their logarithms."""
    return tf.maximum(left, right) + tf.math.log1p(tf.exp(-tf.abs(left - right)))


def _look_up(table: tf.Tensor, state: tf.Tensor, number: tf.Tensor | int) -> tf.Tensor:
    """Reads table[state, number]; one flat gather is faster than a gather of pairs."""
    return tf.gather(tf.reshape(table, [-1]), state * table.shape[1] + number)


def _flat(grid: tf.Tensor) -> tf.Tensor:
    """Lays [n, w, k] out as [n, w * k]."""
    return tf.reshape(grid, [-1, grid.shape[1] * grid.shape[2]])
