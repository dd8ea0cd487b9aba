"""What a line model needs beside its network: decoder, language model, calibrations; no TensorFlow.

The Trainer fits it, `transforms.decoding` builds it into the served graph, and
`transforms.decoding_numpy` reads with it where there is no TensorFlow.
"""

from dataclasses import dataclass, field

from transforms.calibration import UNCALIBRATED_CHARACTER, UNCALIBRATED_LINE, Calibration
from transforms.decoding_options import GREEDY, DecodingOptions
from transforms.ngram import NgramAutomaton

CANDIDATES = 8
"""Classes that a beam tries in each frame; 5 cost a tenth of the gain on EMNIST lines."""

CERTAIN_FRAME = 0.99
"""Frames surer than this are stepped over: half the time, the same readings on the sample."""


@dataclass(frozen=True, eq=False)
class LineDecoding:
    """All that is fitted after the network.

    Args:
      options: which decoder.
      automaton: the language model, None for none.
      alpha: weight of its log probabilities.
      beta: added for each character: a language model alone prefers short texts.
      characters: turns the evidence of a character into its confidence.
      lines: the same for a line.
    """

    options: DecodingOptions = field(default_factory=lambda: DecodingOptions(decoder=GREEDY))
    automaton: NgramAutomaton | None = None
    alpha: float = 0.0
    beta: float = 0.0
    characters: Calibration = UNCALIBRATED_CHARACTER
    lines: Calibration = UNCALIBRATED_LINE
