"""From the logits of one line to its reading: `transforms.decoding` without TensorFlow.

What clients on small machines do after a LiteRT model has run, with the very `LineDecoding` that
a pushed model holds.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schema.alphabet import BLANK
from transforms.beam_numpy import Language, decode_beam
from transforms.confidence_numpy import gather_evidence
from transforms.ctc_numpy import decode_greedy
from transforms.decoding_options import BEAM
from transforms.line_decoding import CANDIDATES, CERTAIN_FRAME, LineDecoding
from transforms.ngram import NgramAutomaton


class Reading(NamedTuple):
    """Of one line.

    Args:
      classes: class numbers, without blanks.
      confidence: probability that the whole text is right, 0..1.
      character_confidences: of each character that it is right.
    """

    classes: list[int]
    confidence: float
    character_confidences: list[float]


class LineDecoder:
    """Reads lines with what was fitted for a network.

    Args:
      decoding: how.
      num_classes: of the network.
    """

    def __init__(self, decoding: LineDecoding, num_classes: int) -> None:
        self._decoding = decoding
        automaton = decoding.automaton or NgramAutomaton.silent(num_classes)
        self._language = Language(automaton, decoding.alpha, decoding.beta)

    def read(self, logits: NDArray[np.float32]) -> Reading:
        """Reads one line from logits, float32 [t, classes]."""
        decoding = self._decoding
        if decoding.options.decoder == BEAM:
            width = decoding.options.beam_width
            found = decode_beam(logits, self._language, width, CANDIDATES, CERTAIN_FRAME)
        else:
            found = decode_greedy(logits)
        classes, log_posterior = found
        of_characters, of_line = gather_evidence(logits, classes, log_posterior)
        return Reading(
            classes[classes != BLANK].tolist(),
            float(decoding.lines.apply(of_line)),
            decoding.characters.apply(of_characters).tolist(),
        )
