"""Makes what servers log, for the tests of who reads it."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from serving.grpc_stubs import load_prediction_log
from serving.monitor.log_files import frame_record

DAY = 24 * 60 * 60
NOON = 20_000 * DAY + DAY // 2
"""A day in 2024, at noon."""


def draw_picture(seed: int = 0, format_: str = "PNG", size: tuple[int, int] = (60, 20)) -> bytes:
    """Return an encoded picture of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, size[::-1], np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format_)
    return buffer.getvalue()


def fill(tensor: Any, values: Sequence[Any], shape: Sequence[int] | None = None) -> None:
    """Write strings or numbers into a TensorProto."""
    for size in shape or (len(values),):
        tensor.tensor_shape.dim.add(size=size)
    if values and isinstance(values[0], bytes):
        tensor.dtype = 7
        tensor.string_val.extend(values)
    elif values and isinstance(values[0], int):
        tensor.dtype = 3
        tensor.int_val.extend(values)
    else:
        tensor.dtype = 1
        tensor.float_val.extend(values)


def new_log(timestamp: int = NOON, model: str = "lines", version: int | None = 7) -> Any:
    """Return a PredictionLog with its metadata."""
    log = load_prediction_log()()
    log.log_metadata.model_spec.name = model
    if version is not None:
        log.log_metadata.model_spec.version.value = version
    log.log_metadata.timestamp_secs = timestamp
    log.log_metadata.sampling_config.sampling_rate = 0.5
    return log


def predicted(
    images: Sequence[bytes],
    texts: Sequence[str],
    confidences: Sequence[float],
    timestamp: int = NOON,
    **of_model: Any,
) -> Any:
    """Return the log of a Predict request to a line model, as TensorFlow Serving writes it."""
    log = new_log(timestamp, **of_model)
    fill(log.predict_log.request.inputs["image_bytes"], images)
    fill(log.predict_log.response.outputs["text"], [text.encode() for text in texts])
    fill(log.predict_log.response.outputs["confidence"], confidences)
    return log


def write_log(path: Path, logs: Iterable[Any]) -> Path:
    """Write messages, or bytes as they are, into a log file."""
    path.write_bytes(
        b"".join(
            each if isinstance(each, bytes) else frame_record(each.SerializeToString())
            for each in logs
        )
    )
    return path
