"""Asks a model server to read pages: the client's side of the page servable's contract.

Beside `serving.client`, which reads lines; `serving.read_page` is its command line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serving.client import ServingError, predict_grpc, predict_rest
from serving.signatures import BOXES, CONFIDENCES, COUNT, TEXTS


@dataclass(frozen=True)
class PageLine:
    """A line that the model found and read on a page.

    Args:
      box: ymin, xmin, ymax, xmax in pixels of the image.
      text: the reading.
      confidence: from 0 to 1.
    """

    box: tuple[float, float, float, float]
    text: str
    confidence: float


Page = tuple[PageLine, ...]
"""The lines of a page in reading order."""


def ask_pages_rest(
    url: str, model_name: str, images: Sequence[bytes], timeout: float = 60.0
) -> list[Page]:
    """Read pages over REST; arguments and errors are those of `serving.client.predict_rest`."""
    where = f"{url} model {model_name!r}"
    return [_page(row, where) for row in predict_rest(url, model_name, images, timeout)]


def ask_pages_grpc(
    address: str, model_name: str, images: Sequence[bytes], timeout: float = 60.0
) -> list[Page]:
    """Read pages over gRPC; arguments and errors are those of `serving.client.predict_grpc`."""
    where = f"{address} model {model_name!r}"
    wanted = [BOXES, TEXTS, CONFIDENCES, COUNT]
    outputs = predict_grpc(address, model_name, images, wanted, timeout)
    shapes = {name: list(array.shape) for name, array in outputs.items()}
    if sorted(shapes) != sorted(wanted) or any(s[:1] != [len(images)] for s in shapes.values()):
        raise ServingError(f"{where}: expected {wanted} of {len(images)} pages, got {shapes}")
    return [
        _page({name: _as_json(outputs[name][number]) for name in wanted}, where)
        for number in range(len(images))
    ]


def _page(row: Any, where: str) -> Page:
    """Takes a page out of its row, in the form of REST: lists, numbers and texts."""
    try:
        columns = [row[name][: row[COUNT]] for name in (BOXES, TEXTS, CONFIDENCES)]
        if {len(column) for column in columns} != {row[COUNT]}:
            raise ValueError(f"{row[COUNT]} lines told")
        return tuple(
            PageLine(
                (float(top), float(left), float(bottom), float(right)),
                text if isinstance(text, str) else text.decode(),
                float(sure),
            )
            for (top, left, bottom, right), text, sure in zip(*columns, strict=True)
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ServingError(
            f"{where}: expected {BOXES}, {TEXTS}, {CONFIDENCES} and {COUNT} of a page, got "
            f"something else ({type(error).__name__}: {error})"
        ) from error


def _as_json(array: Any) -> Any:
    """Returns an array as REST would give it, but for strings, which stay bytes."""
    if array.dtype.kind != "f":
        return array.tolist()
    # Through the shortest text of each float32, so that both protocols give the same number.
    return array.astype(str).astype(float).tolist()
