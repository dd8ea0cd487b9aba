"""What a servable model costs: how long a reading takes, and how big it is."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from serving import signatures

_WARM_UP, _CALLS = 2, 9


@dataclass(frozen=True)
class Cost:
    """The cost of a model on this machine.

    Args:
      latency_ms: median time of reading one picture, by the loaded SavedModel in this process.
      model_bytes: of all files of the SavedModel.
    """

    latency_ms: float
    model_bytes: int


def measure_cost(folder: Path, images: Sequence[bytes]) -> Cost:
    """Loads a model and has it read pictures, one at a time.

    Args:
      folder: of the SavedModel.
      images: at least one, PNG or JPEG.
    """
    model = tf.saved_model.load(str(folder))
    read = model.signatures[signatures.SERVING_DEFAULT]
    seconds = []
    for call in range(_WARM_UP + _CALLS):
        picture = tf.constant([images[call % len(images)]])
        began = time.perf_counter()
        read(**{signatures.IMAGE_BYTES: picture})
        seconds.append(time.perf_counter() - began)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Cost(1000 * statistics.median(seconds[_WARM_UP:]), size)
