"""The evidence of `transforms.confidence` without TensorFlow, for clients on small machines.

After `transforms.ctc_numpy` or `transforms.beam_numpy` has decoded one line.
"""

import numpy as np
from numpy.typing import NDArray

from schema.alphabet import BLANK

NO_CHARACTER = -1.0
"""As in `transforms.confidence`; a test holds them equal."""

_CERTAIN = -1e-6  # likewise


def gather_evidence(
    logits: NDArray[np.float32], classes: NDArray[np.int32], log_posterior: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Looks at a line's reading beside what the network said.

    Args:
      logits: float32 [t, classes] of one line.
      classes: int32 [t], the class where a character begins, `BLANK` elsewhere.
      log_posterior: log probability of the text as the decoder sees it.

    Returns:
      the evidence of each character, float32 [length, 2], and of the line, float32 [1].
    """
    begins = np.flatnonzero(classes != BLANK)  # [length]
    of_line = log_odds(np.array([log_posterior], np.float32))
    log_probability = log_softmax(logits)[:, classes[begins]]  # [t, length]
    ends = np.append(begins[1:], len(logits))
    highest = [
        log_probability[begin:end, number].max()
        for number, (begin, end) in enumerate(zip(begins, ends, strict=False))
    ]
    of_characters = log_odds(np.array(highest, np.float32))
    return np.stack([of_characters, np.repeat(of_line, len(begins))], axis=1), of_line


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns logarithms of probabilities over the last axis, of the same shape."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_odds(log_probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns log(p / (1 - p)), at most that of the highest probability below 1."""
    known = np.minimum(log_probability, np.float32(_CERTAIN))
    return known - np.log(-np.expm1(known))
