"""How versions are loaded and run, as a frozen record that needs no TensorFlow."""

from dataclasses import dataclass

SERVE_TAG = "serve"
"""The tag of the meta graph that is loaded."""


@dataclass(frozen=True)
class LoadSettings:
    """What `loading` and `servable` go by; 0 leaves a number to TensorFlow.

    Args:
      tags: of the meta graph to load.
      intra_op_threads: threads that one operation may use.
      inter_op_threads: operations that run at a time.
      gpu_memory_fraction: share of a GPU's memory to take at once; 0 grows as needed.
      warm_up: whether the warm-up requests of a version are replayed.
      warm_up_iterations: how often each of them is.
      validate_requests: whether pictures are held against the version's monitoring reference.
      prefer_tflite: whether `model.tflite` is taken where a version has one.
      tflite_interpreters: calls of such a model that run at a time.
    """

    tags: tuple[str, ...] = (SERVE_TAG,)
    intra_op_threads: int = 0
    inter_op_threads: int = 0
    gpu_memory_fraction: float = 0.0
    warm_up: bool = True
    warm_up_iterations: int = 1
    validate_requests: bool = False
    prefer_tflite: bool = False
    tflite_interpreters: int = 1


DEFAULT_LOAD_SETTINGS = LoadSettings()
