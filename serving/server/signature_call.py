"""One checked call of a signature: what a servable runs and a batch is made of.

Made by `signature_checks`, joined by `batching`, run by `servable` and `tflite_servable`. No
TensorFlow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SignatureCall:
    """Arguments in the order in which the servable takes them.

    Args:
      signature: its name.
      inputs: the names of the feeds, sorted.
      feeds: an array for each input; strings as object arrays of bytes.
      outputs: the names of the values to return, sorted.
    """

    signature: str
    inputs: tuple[str, ...]
    feeds: Sequence[np.ndarray]
    outputs: tuple[str, ...]
