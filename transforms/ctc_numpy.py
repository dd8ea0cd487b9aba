"""The greedy decoder of `transforms.ctc` without TensorFlow, for clients on small machines.

Used around a LiteRT model, which gives logits: its built-in operators know no strings.
"""

import numpy as np

from schema.alphabet import BLANK


def decode_greedy(logits: np.ndarray) -> tuple[list[int], float]:
    """Takes the best class of each frame, merges repeats and drops blanks.

    Args:
      logits: float32 [t, classes] of one line, t > 0.

    Returns:
      class numbers, without blanks; and the probability of the path, 0..1.
    """
    best = logits.argmax(axis=-1)  # [t]
    before = np.concatenate([[BLANK], best[:-1]])
    begins = (best != BLANK) & (best != before)
    highest = logits.max(axis=-1)
    log_sums = np.log(np.exp(logits - highest[:, None]).sum(axis=-1))
    log_probability = -log_sums  # of the best class in each frame
    return best[begins].tolist(), float(np.exp(log_probability.sum()))
