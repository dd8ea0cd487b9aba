"""What the annotations and predictions of a Label Studio task say of its regions.

Below `label_studio.py`. A shape and its text are two results with one id; a text without a shape is
that of the whole picture.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.exchange.line_text import Unusable, only_line
from pipeline.ingest.records import Point


@dataclass
class Region:
    """What the results of one annotation say of a region; without an outline the whole picture."""

    outline: tuple[Point, ...] = ()  # per cent, before it is turned
    turned: float = 0.0  # degrees, clockwise around its first point
    texts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Prediction:
    """What a model proposed.

    Args:
      texts: by region; regions without a text are left out.
      version: of the model, as it calls itself.
      score: 0..1, None where none is told.
    """

    texts: Mapping[str, str]
    version: str
    score: float | None


def prediction_of(prediction: Mapping[str, Any]) -> Prediction:
    """Returns what an element of `predictions` says."""
    score = prediction.get("score")
    known = isinstance(score, int | float) and 0 <= score <= 1
    texts = {name: only_line(each.texts) for name, each in regions_of(prediction).items()}
    return Prediction(
        {name: text for name, text in texts.items() if text},
        str(prediction.get("model_version") or ""),
        float(score) if known and score is not None else None,
    )


def regions_of(annotation: Mapping[str, Any]) -> dict[str, Region]:
    """Returns the regions by their ids; a shape and its text share one."""
    regions: dict[str, Region] = {}
    for number, result in enumerate(objects(annotation, "result")):
        value = result.get("value")
        if not isinstance(value, dict):  # relations between regions have none
            continue
        region = regions.setdefault(str(result.get("id", f"result-{number}")), Region())
        if not region.outline:
            region.outline, region.turned = _outline(value)
        if result.get("type") == "textarea":
            region.texts += _texts(value.get("text"))
    return regions


def has_outlines(regions: Mapping[str, Region]) -> bool:
    """Tells whether these are regions of a page, and not a text of the whole picture."""
    return any(region.outline for region in regions.values())


def joined_texts(regions: Mapping[str, Region]) -> list[str]:
    """Returns the texts of all regions."""
    return [text for region in regions.values() for text in region.texts]


def _texts(value: Any) -> list[str]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise Unusable(f"expected texts, got {value!r}: export it again")
    return given


def _outline(value: Mapping[str, Any]) -> tuple[tuple[Point, ...], float]:
    """Returns the corners of a rectangle or polygon, per cent, and by how much it is turned."""
    try:
        if "points" in value:
            return tuple((_number(x), _number(y)) for x, y in value["points"]), 0.0
        if "width" not in value or "height" not in value:
            return (), 0.0
        left, top = _number(value["x"]), _number(value["y"])
        right, bottom = left + _number(value["width"]), top + _number(value["height"])
        turned = _number(value.get("rotation") or 0)
    except (KeyError, TypeError, ValueError):
        raise Unusable(
            "expected a rectangle's x, y, width and height or a polygon's points as numbers, got "
            "something else: export it again"
        ) from None
    return ((left, top), (right, top), (right, bottom), (left, bottom)), turned


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is not finite")
    return number


def objects(owner: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Returns a list of objects, empty where there is none of the name."""
    found = owner.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unusable(f"expected a list of objects as {name}, got something else: export it again")
    return found


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """Returns the value as an object."""
    if not isinstance(value, dict):
        raise Unusable(f"expected {what} as an object, got {type(value).__name__}: export it again")
    return value
