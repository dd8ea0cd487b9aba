"""Calibrates a line model's confidences on what it read right and wrong on the validation lines.

The last step of `trainer_module.decoding_fit`, when the decoder itself is settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from schema.alphabet import BLANK, Alphabet
from trainer_module.reliability import Reliability
from transforms.calibration import (
    ReliabilityBin,
    cross_calibrate,
    fit_calibration,
    reliability,
)
from transforms.confidence import gather_evidence
from transforms.decoding import decode
from transforms.edit_distance import right_characters
from transforms.line_decoding import LineDecoding
from transforms.tracing import traced


@dataclass(frozen=True)
class LineLogits:
    """What the network said of some lines.

    Args:
      logits: float32 [n, t, classes], padding frames as certain blanks.
      texts: the n texts that are written there.
    """

    logits: NDArray[np.float32]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """Evidence beside what it was evidence for.

    Args:
      evidence: float [m, pieces], as `transforms.confidence` gathers it.
      right: bool [m].
      line: int [m], the number of the line that it belongs to.
    """

    evidence: NDArray[np.float32]
    right: NDArray[np.bool_]
    line: NDArray[np.int64]

    def reliability(self) -> tuple[ReliabilityBin, ...]:
        """Bins of confidences on lines left out of their fit."""
        return reliability(cross_calibrate(self.evidence, self.right, self.line), self.right)


def calibrate(
    decoding: LineDecoding, validation: Sequence[LineLogits], alphabet: Alphabet
) -> tuple[LineDecoding, Reliability]:
    """Fits both calibrations of a decoding that is complete otherwise."""
    lines, characters = judge(decoding, validation, alphabet)
    fitted = replace(
        decoding,
        lines=fit_calibration(lines.evidence, lines.right),
        characters=fit_calibration(characters.evidence, characters.right),
    )
    return fitted, Reliability(lines.reliability(), characters.reliability())


def judge(
    decoding: LineDecoding, lines: Sequence[LineLogits], alphabet: Alphabet
) -> tuple[Judged, Judged]:
    """Reads lines and looks at what was right: of the lines, and of their characters.

    A line is right as a whole or not at all; a character is right where a shortest edit script
    keeps it.
    """

    @traced(input_signature=[tf.TensorSpec([None, None, alphabet.num_classes])])
    def read(logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        classes, log_posterior = decode(logits, decoding)
        return classes, *gather_evidence(logits, classes, log_posterior)

    of_lines, of_characters, lines_right, characters_right = [], [], [], []
    for batch in lines:
        classes, characters, line, is_character = (each.numpy() for each in read(batch.logits))
        readings = [spell(row, alphabet) for row in classes]
        of_lines.append(line)
        of_characters.append(characters[is_character])
        for truth, reading in zip(batch.texts, readings, strict=True):
            lines_right.append(truth == reading)
            characters_right.append(right_characters(truth, reading))
    lengths = [len(each) for each in characters_right]
    numbers = np.arange(len(lines_right))
    return (
        Judged(np.concatenate(of_lines), np.array(lines_right), numbers),
        Judged(
            np.concatenate(of_characters),
            np.concatenate(characters_right),
            np.repeat(numbers, lengths),
        ),
    )


def spell(classes: NDArray[np.int32], alphabet: Alphabet) -> str:
    """Returns the text of one line's classes [t], blanks left out."""
    return alphabet.decode(classes[classes != BLANK])
