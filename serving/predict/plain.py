"""Writes what was read as text for people and as JSON for programs, one line of it a picture."""

import json
from collections.abc import Sequence

from serving.client.readings import Reading


def to_text(readings: Sequence[Reading], name: str = "") -> str:
    """Returns a line of text for each line that was read.

    Args:
      readings: in reading order.
      name: of the picture, to stand before each line with a tab between; none when "".
    """
    before = f"{name}\t" if name else ""
    return "".join(f"{before}{reading.text}\n" for reading in readings)


def to_json(readings: Sequence[Reading], name: str, size: tuple[int, int]) -> str:
    """Returns one object on one line.

    Args:
      readings: in reading order; `box` is ymin, xmin, ymax, xmax in pixels, and left out where a
        line is the whole picture.
      name: of the picture.
      size: its width and height in pixels.
    """
    width, height = size
    told = {
        "picture": name,
        "width": width,
        "height": height,
        "lines": [_line(reading) for reading in readings],
    }
    return json.dumps(told, ensure_ascii=False) + "\n"


def _line(reading: Reading) -> dict[str, object]:
    line: dict[str, object] = {"text": reading.text, "confidence": reading.confidence}
    if reading.box is not None:
        line["box"] = list(reading.box)
    if reading.character_confidences:
        line["character_confidences"] = list(reading.character_confidences)
    return line
