"""Measures one request: the picture, the reading, the time that it took.

The reference and the windows are both made by this one function, and the picture's numbers by the
one that ingestion uses (`transforms.image_facts`), so that they can only differ where the data do.
"""

import statistics
from collections.abc import Sequence, Set

from schema import features as keys
from schema import request_features
from schema.errors import InputError
from serving.monitor.logged_request import LoggedRequest, MeasuredRequest
from serving.monitor.profile import (
    CLOCK_BACK,
    NO_CONFIDENCE,
    NO_LATENCY,
    NO_PICTURE,
    NO_READING,
    UNREADABLE,
)
from transforms.image_facts import measure_image
from transforms.image_numpy import decode_image
from transforms.words import words_of

Value = float | str | tuple[str, ...]
Box = tuple[float, float, float, float]

_FORMATS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"BM": "bmp"}
_UNREADABLE_FORMAT = "unreadable"
_DECODED = ("PNG", "JPEG", "GIF", "BMP")  # as `tf.io.decode_image` in the servables


def measure_request(
    image: bytes,
    reading: str | None,
    confidence: float | None,
    words: Set[str] = frozenset(),
    latency_ms: float | None = None,
    boxes: Sequence[Box] | None = None,
) -> dict[str, Value]:
    """Measures a picture and its answer.

    Args:
      image: the picture as sent.
      reading: the text; None where there is none.
      confidence: 0..1; None where there is none.
      words: of the training texts; empty where they are not known.
      latency_ms: that the answer took; None where it is not known.
      boxes: (ymin, xmin, ymax, xmax) in pixels of the lines found; None but of pages.

    Returns:
      feature -> number, category or tuple of categories; what cannot be measured is left out. A
      picture that cannot be read has the `IMAGE_FORMAT` "unreadable" and no numbers.
    """
    values: dict[str, Value] = dict(_measure_picture(image))
    if reading is not None:
        values[request_features.READING_LENGTH] = len(reading)
        values[request_features.CHARACTERS] = tuple(reading)
        read = words_of(reading)
        if words and read:
            values[request_features.UNKNOWN_WORD_SHARE] = len(read - words) / len(read)
    if confidence is not None:
        values[request_features.CONFIDENCE] = confidence
    if latency_ms is not None:
        values[request_features.LATENCY_MS] = latency_ms
    if boxes is not None:
        values[keys.LINE_COUNT] = len(boxes)
        if keys.IMAGE_HEIGHT in values and boxes:
            longer = max(float(values[name]) for name in (keys.IMAGE_HEIGHT, keys.IMAGE_WIDTH))  # type: ignore[arg-type]
            heights = [bottom - top for top, _, bottom, _ in boxes]
            values[keys.TYPICAL_HEIGHT] = statistics.median(heights) / longer
    return values


def measure(request: LoggedRequest, words: Set[str] = frozenset()) -> MeasuredRequest:
    """Measures a logged request and says what it lacks; `words` as of `measure_request`."""
    values = measure_request(
        request.image,
        request.reading,
        request.confidence,
        words,
        request.latency_ms,
        request.boxes,
    )
    wrong = {
        NO_PICTURE: not request.image,
        UNREADABLE: bool(request.image) and keys.IMAGE_HEIGHT not in values,
        NO_READING: request.reading is None and request.boxes is None,
        NO_CONFIDENCE: request.confidence is None,
        NO_LATENCY: request.latency_ms is None,
        CLOCK_BACK: request.clock_back,
    }
    return MeasuredRequest(request, values, tuple(name for name in wrong if wrong[name]))


def _measure_picture(image: bytes) -> dict[str, Value]:
    """Returns the numbers of a picture and its format."""
    told = next((name for head, name in _FORMATS.items() if image.startswith(head)), None)
    try:
        if told is None:
            raise InputError("no picture")
        grey = decode_image(image, "a logged request", _DECODED)
    except InputError:
        return {request_features.IMAGE_FORMAT: _UNREADABLE_FORMAT}
    facts = measure_image(grey)
    return {
        request_features.IMAGE_FORMAT: told,
        keys.IMAGE_HEIGHT: facts.height,
        keys.IMAGE_WIDTH: facts.width,
        keys.ASPECT: facts.aspect,
        keys.INK_RATIO: facts.ink_ratio,
        keys.BRIGHTNESS_MEAN: facts.brightness_mean,
        keys.BRIGHTNESS_DEVIATION: facts.brightness_deviation,
        keys.SHARPNESS: facts.sharpness,
    }
