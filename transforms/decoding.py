"""From a network's logits to readings: the decoder and the confidences of a line model.

The Trainer fits a `LineDecoding` on the validation lines, and `serving.export` builds it into the
served graph: what the Evaluator judges is what clients get.
"""

from typing import NamedTuple

import tensorflow as tf

from transforms.beam_search import decode_beam
from transforms.confidence import NO_CHARACTER, apply_calibration, gather_evidence
from transforms.ctc import decode_greedy
from transforms.decoding_options import BEAM
from transforms.line_decoding import CANDIDATES, CERTAIN_FRAME, LineDecoding
from transforms.ngram import NgramAutomaton
from transforms.prefix_beams import LanguageBonus


class Readings(NamedTuple):
    """Of n lines.

    Args:
      classes: int32 [n, t], the class where a character begins, `BLANK` elsewhere.
      confidence: float32 [n], probability that the whole text is right.
      character_confidences: float32 [n, longest], of each character that it is right, padded
        with `NO_CHARACTER`.
    """

    classes: tf.Tensor
    confidence: tf.Tensor
    character_confidences: tf.Tensor


def read_logits(logits: tf.Tensor, decoding: LineDecoding) -> Readings:
    """Reads lines from logits, float32 [n, t, classes], with padding frames as certain blanks."""
    classes, log_posterior = decode(logits, decoding)
    evidence = gather_evidence(logits, classes, log_posterior)
    characters = apply_calibration(decoding.characters, evidence.characters)
    return Readings(
        classes,
        apply_calibration(decoding.lines, evidence.lines),
        tf.where(evidence.is_character, characters, NO_CHARACTER),
    )


def decode(logits: tf.Tensor, decoding: LineDecoding) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the classes, int32 [n, t], and the text's log probability, float32 [n]."""
    if decoding.options.decoder != BEAM:
        return decode_greedy(logits)
    automaton = decoding.automaton or NgramAutomaton.silent(logits.shape[-1])
    return decode_beam(
        logits,
        LanguageBonus.of(automaton, decoding.alpha, decoding.beta),
        decoding.options.beam_width,
        CANDIDATES,
        CERTAIN_FRAME,
    )
