"""CTC prefix beam search in graph, with a character n-gram model where one is given.

The slower and better sibling of `transforms.ctc.decode_greedy`. Greedy decoding takes the best
path; here the paths that spell the same text add up (Graves, "Supervised Sequence Labelling with
Recurrent Neural Networks", 2012, section 7.5.3), and the language model's opinion is added to each
character as its prefix grows (Hannun et al., "First-Pass Large Vocabulary Continuous Speech
Recognition using Bi-Directional Recurrent DNNs", 2014). A text's score is

    log p(text | line) + alpha * log p(text) + beta * characters.

All beams of all lines step together through the frames (`transforms.prefix_beams`), in
TensorFlow's own operations.
"""

import tensorflow as tf

from schema.alphabet import BLANK
from transforms.ctc import blank_padding
from transforms.ngram import END
from transforms.prefix_beams import Beams, Frame, LanguageBonus, advance, first_beams


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
    frames, places = _choose_frames(tf.nn.softmax(padded), candidates, certain)
    beams, trail = _search(frames, language, width)
    score = beams.score + language.after(beams.state, END)
    best = tf.argmax(score, axis=1, output_type=tf.int64)
    classes = _trace(trail, best)  # [n, kept]
    rows = tf.broadcast_to(tf.range(lines)[:, tf.newaxis], tf.shape(places))
    spread = tf.scatter_nd(tf.stack([rows, places], -1), classes, [lines, length + 1])
    return spread[:, :length], tf.reduce_max(tf.nn.log_softmax(score), axis=1)


def _choose_frames(
    probability: tf.Tensor, candidates: int, certain: float
) -> tuple[Frame, tf.Tensor]:
    """Leaves out the frames that are certain to be blank or to go on with the class before.

    Returns:
      the frames to search, certain blanks where a line has fewer of them than another; and the
      places they came from, int32 [n, kept], each place once.
    """
    length, num_classes = tf.shape(probability)[1], probability.shape[-1]
    best = tf.argmax(probability, axis=-1, output_type=tf.int32)  # [n, t]
    sure = tf.reduce_max(probability, axis=-1) > certain
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
    rows = tf.gather(probability, places, batch_dims=1)
    rows = tf.where(inside[:, :, tf.newaxis], rows, tf.one_hot(BLANK, num_classes))
    rows = tf.transpose(rows, [1, 0, 2])  # [kept, n, classes]
    top = tf.math.top_k(rows[:, :, 1:], min(candidates, num_classes - 1))
    top_class = tf.cast(top.indices + 1, tf.int64)
    return Frame(rows, top.values, top_class, tf.transpose(closed)[:, :, tf.newaxis]), places


def _search(frames: Frame, language: LanguageBonus, width: int) -> tuple[Beams, tf.TensorArray]:
    """Steps through the frames; the trail tells where each beam of each frame came from."""
    length = tf.shape(frames.probability)[0]
    trail = tf.TensorArray(tf.int64, size=length, element_shape=[None, width, 2])

    def step(
        time: tf.Tensor, beams: Beams, trail: tf.TensorArray
    ) -> tuple[tf.Tensor, Beams, tf.TensorArray]:
        frame = Frame(*(tf.gather(tensor, time) for tensor in frames))
        beams, origin = advance(beams, frame, language, width)
        return time + 1, beams, trail.write(time, origin)

    _, beams, trail = tf.while_loop(
        lambda time, *_: time < length,
        step,
        (tf.constant(0), first_beams(tf.shape(frames.probability)[1], width), trail),
    )
    return beams, trail


def _trace(trail: tf.TensorArray, best: tf.Tensor) -> tf.Tensor:
    """Follows the best beam [n] back: int32 [n, t], the class where a character begins."""
    length = trail.size()
    classes = tf.TensorArray(tf.int64, size=length, element_shape=[None])

    def step(
        time: tf.Tensor, slot: tf.Tensor, classes: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        origin = tf.gather(trail.read(time), slot, batch_dims=1)  # [n, 2]
        return time - 1, origin[:, 0], classes.write(time, origin[:, 1])

    *_, classes = tf.while_loop(lambda time, *_: time >= 0, step, (length - 1, best, classes))
    return tf.cast(tf.transpose(classes.stack()), tf.int32)
