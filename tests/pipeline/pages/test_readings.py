import io

import numpy as np
import pytest
from PIL import Image

from pipeline.pages.readings import FOUND, MISSED, WRONG, describe_count, mean_score, read_page
from schema import line_bands


def encoded(height, width):
    stream = io.BytesIO()
    Image.new("L", (width, height), 255).save(stream, "PNG")
    return stream.getvalue()


def rows(*boxes):
    bands = np.zeros((len(boxes), line_bands.COLUMNS), np.float32)
    bands[:, line_bands.COUNTED] = 1
    for row, box in zip(bands, boxes, strict=True):
        row[line_bands.BOX] = box
    return bands


def colours(overlay):
    with Image.open(io.BytesIO(overlay)) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int)
    wanted = {"found": FOUND, "wrong": WRONG, "missed": MISSED}
    return {
        name: bool((np.abs(pixels - colour).max(axis=1) < 60).any())
        for name, colour in wanted.items()
    }, picture.size


def test_a_page_is_told_in_lines_and_drawn_over():
    truth = rows((10, 10, 30, 190), (50, 10, 70, 190))
    boxes = np.array([[11, 10, 31, 190], [80, 10, 95, 190]], np.float32)
    reading = read_page("test/p1", encoded(100, 200), truth, boxes, np.array([0.9, 0.7]))
    assert reading.truth == "2 lines"
    assert reading.reading == "1 of 2 lines found, 1 false"
    assert reading.edits == 2
    assert reading.confidence == pytest.approx(0.8)
    seen, size = colours(reading.overlay)
    assert seen == {"found": True, "wrong": True, "missed": True}
    assert size == (200, 100)


def test_large_pages_are_drawn_smaller():
    reading = read_page("p", encoded(1800, 600), rows(), np.zeros((0, 4)), np.zeros(0))
    _, size = colours(reading.overlay)
    assert size == (300, 900)
    assert reading.edits == 0
    assert reading.confidence == 0


def test_words_for_people():
    assert [describe_count(count) for count in (0, 1, 2)] == ["0 lines", "1 line", "2 lines"]
    assert mean_score(np.array([])) == 0.0
