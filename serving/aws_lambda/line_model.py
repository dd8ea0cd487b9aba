"""The line model of a Lambda function: predict requests in, readings out.

What `function` asks. Bodies and answers are those of TensorFlow Serving's REST API, read and
written by the embedded server's own modules, and the outputs are named as a pushed model's.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from schema.errors import InputError
from serving.aws_lambda.events import RequestError
from serving.decoding_file import read_decoding
from serving.litert_reader import LineReading, LiteRtReader, load_litert
from serving.model_folder import ALPHABET_FILE, DECODING_FILE, LITERT_FILE, read_alphabet
from serving.server import tensor_json
from serving.server.json_values import TensorJsonError
from serving.signatures import (
    CHARACTER_CONFIDENCES,
    CONFIDENCE,
    IMAGE_BYTES,
    SERVING_DEFAULT,
    TEXT,
)
from transforms.confidence_numpy import NO_CHARACTER

RESERVE_SECONDS = 0.5
"""Left of the time that Lambda allows, to answer in."""

_INPUTS = {IMAGE_BYTES: np.dtype(object)}


class Reader(Protocol):
    """Reads one picture; raises InputError where it cannot."""

    def read(self, image_bytes: bytes, name: str) -> LineReading:
        """Reads it; `name` is told in messages."""


def load_reader(folder: Path) -> LiteRtReader:
    """Loads `LITERT_FILE`, `ALPHABET_FILE` and `DECODING_FILE` of a folder.

    Raises:
      InputError: one is not there, or is something else.
    """
    alphabet = read_alphabet(folder / ALPHABET_FILE)
    return load_litert(folder / LITERT_FILE, alphabet, read_decoding(folder / DECODING_FILE))


def predict(body: bytes, reader: Reader, seconds_left: Callable[[], float]) -> bytes:
    """Answers the body of a `:predict` call.

    Args:
      body: JSON with `instances` or `inputs`.
      reader: of lines.
      seconds_left: until Lambda ends the call.

    Returns:
      JSON with `predictions` or `outputs`.

    Raises:
      RequestError: the body is not as it should be, or a picture cannot be read.
    """
    try:
        parsed = tensor_json.parse_predict(body)
        if parsed.signature_name not in ("", SERVING_DEFAULT):
            raise RequestError(400, f'Serving signature key "{parsed.signature_name}" not found.')
        images = tensor_json.decode_inputs(parsed, _INPUTS)[IMAGE_BYTES]
    except TensorJsonError as error:
        raise RequestError(400, str(error)) from None
    if images.ndim != 1:
        raise RequestError(400, f"{IMAGE_BYTES}: expected a list of pictures, got other nesting")
    return tensor_json.encode_outputs(_read(images, reader, seconds_left), parsed.by_row)


def predict_picture(image_bytes: bytes, reader: Reader, seconds_left: Callable[[], float]) -> bytes:
    """Answers a body that is one picture, as `predict` answers one instance."""
    return tensor_json.encode_outputs(_read([image_bytes], reader, seconds_left), by_row=True)


def _read(
    images: Sequence[bytes] | np.ndarray, reader: Reader, seconds_left: Callable[[], float]
) -> dict[str, np.ndarray]:
    """Returns the outputs of a line model for pictures [n]."""
    readings: list[LineReading] = []
    for number, image in enumerate(images):
        if seconds_left() < RESERVE_SECONDS:
            raise RequestError(
                504, f"read {number} of {len(images)} pictures in the time allowed: send fewer"
            )
        try:
            readings.append(reader.read(image, f"instances[{number}]"))
        except InputError as error:
            raise RequestError(400, str(error)) from None
    longest = max((len(reading.character_confidences) for reading in readings), default=0)
    confidences = np.full((len(readings), longest), NO_CHARACTER, np.float32)
    for row, reading in zip(confidences, readings, strict=True):
        row[: len(reading.character_confidences)] = reading.character_confidences
    return {
        TEXT: np.array([reading.text.encode() for reading in readings], object),
        CONFIDENCE: np.array([reading.confidence for reading in readings], np.float32),
        CHARACTER_CONFIDENCES: confidences,
    }
