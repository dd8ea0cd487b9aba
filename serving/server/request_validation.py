"""Tells of pictures that are far from all that a model was shown, as they come in.

An option of the server (`--validate_requests`). `loading` reads what is usual from the monitoring
reference beside a version, `prediction` measures each picture with the function that the reference
was made with, and both protocols tell what is odd beside the answer, which stays what it is.
Imports neither TensorFlow nor, before it is used, the picture library.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from schema import features
from schema.errors import InputError
from serving.signatures import IMAGE_BYTES

MEASURED = features.IMAGE_FACTS
"""Of a picture; what the model makes of it is monitoring's."""

METADATA_KEY = "x-input-warnings"
"""Trailing metadata of a gRPC answer: a JSON list of sentences, in ASCII."""
WARNINGS = "warnings"
"""The same in the body of a REST answer."""

_TOLD = 8  # trailing metadata has room for some kilobytes
_REACH = 3.0
_LOW, _MIDDLE, _HIGH = 1, 50, 99  # percentiles

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Where a feature is not far from what is usual.

    Args:
      usual: the first and the 99th percentile of the reference.
      far: below the first and above the second of these it is told.
    """

    usual: tuple[float, float]
    far: tuple[float, float]


@dataclass(frozen=True)
class Oddity:
    """A feature of a picture that is far from usual, and the sentence that tells it."""

    feature: str
    message: str


def read_limits(version: Path) -> dict[str, Limits]:
    """Returns feature -> limits of a version folder; none where it has no reference, which is told.

    A picture is far off where it lies beyond the percentiles by more than three times their
    distance, and by more than half of the median: a feature that never varied may vary a little.
    """
    from serving.monitor.reference import load_reference, reference_folder

    try:
        quantiles = load_reference(reference_folder(version)).quantiles
    except InputError as error:
        _log.warning("requests to %s are not validated: %s", version, error)
        return {}
    return {name: _limits(quantiles[name]) for name in MEASURED if name in quantiles}


def _limits(percentiles: np.ndarray) -> Limits:
    low, middle, high = (float(percentiles[place]) for place in (_LOW, _MIDDLE, _HIGH))
    reach = max(_REACH * (high - low), abs(middle) / 2)
    return Limits((low, high), (low - reach, high + reach))


def find_oddities(
    limits: Mapping[str, Limits], inputs: Mapping[str, np.ndarray]
) -> tuple[Oddity, ...]:
    """Measures the pictures of a request; what is no readable picture is left to the model."""
    from serving.monitor.measuring import measure_request

    found: list[Oddity] = []
    for row, picture in enumerate(np.ravel(inputs.get(IMAGE_BYTES, ()))):
        if isinstance(picture, bytes):
            found += _odd_features(row, limits, measure_request(picture, None, None))
    return tuple(found)


def _odd_features(
    row: int, limits: Mapping[str, Limits], values: Mapping[str, Any]
) -> Iterator[Oddity]:
    for name, each in limits.items():
        value = values.get(name)
        if value is not None and not each.far[0] <= value <= each.far[1]:
            usual = " to ".join(f"{end:.4g}" for end in each.usual)
            message = f"picture {row}: {name} is {value:.4g}, far from the usual {usual}"
            yield Oddity(name, message)


def warnings_of(oddities: tuple[Oddity, ...]) -> list[str]:
    """Returns the sentences, and of many the number of those left out."""
    told = [oddity.message for oddity in oddities[:_TOLD]]
    if len(oddities) > _TOLD:
        told.append(f"{len(oddities) - _TOLD} more")
    return told


def warnings_metadata(oddities: tuple[Oddity, ...]) -> tuple[tuple[str, str], ...]:
    """Returns the trailing metadata of a gRPC answer."""
    return ((METADATA_KEY, json.dumps(warnings_of(oddities))),)


def add_warnings(body: bytes, oddities: tuple[Oddity, ...]) -> bytes:
    """Returns the body of a REST answer, a JSON object, with the warnings as its last field."""
    told = json.dumps({WARNINGS: warnings_of(oddities)}, ensure_ascii=False).encode()
    return body.rstrip()[:-1] + b", " + told[1:]
