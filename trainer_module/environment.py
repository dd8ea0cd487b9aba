"""What a training runs in, for whoever wants the same weights again."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import config as framework_config

_LIBRARIES = ("tensorflow", "keras", "numpy", "tfx", "tensorflow-transform", "apache-beam")

BITWISE, SEEDED = "bitwise", "seeded"
"""Levels of determinism: the same run gives the same weights, or the same seeds alone."""


def determinism_level() -> str:
    """Returns `BITWISE` on CPUs, and on GPUs with deterministic operations; else `SEEDED`."""
    if framework_config.is_op_determinism_enabled() or not tf.config.list_physical_devices("GPU"):
        return BITWISE
    return SEEDED


def describe_environment() -> dict[str, Any]:
    """Returns versions of Python and libraries, devices, and the level of determinism."""
    return {
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "devices": [device.name for device in tf.config.list_logical_devices()],
        "determinism": determinism_level(),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
