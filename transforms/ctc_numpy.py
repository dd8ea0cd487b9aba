"""The greedy decoder of `transforms.ctc` without TensorFlow, for clients on small machines.

Used around a LiteRT model, which gives logits: its built-in operators know no strings.
"""

import numpy as np
from numpy.typing import NDArray

from schema.alphabet import BLANK
from transforms.confidence_numpy import log_softmax


def decode_greedy(logits: NDArray[np.float32]) -> tuple[NDArray[np.int32], float]:
    """Takes the best class of each frame, merges repeats and drops blanks.

    Args:
      logits: float32 [t, classes] of one line, t > 0.

    Returns:
      classes, int32 [t]: the class where a character begins, `BLANK` elsewhere; and the log
      probability of the path.
    """
    best = logits.argmax(axis=-1).astype(np.int32)  # [t]
    before = np.concatenate([[BLANK], best[:-1]])
    begins = (best != BLANK) & (best != before)
    log_probability = log_softmax(logits).max(axis=-1).sum()
    return np.where(begins, best, BLANK).astype(np.int32), float(log_probability)
