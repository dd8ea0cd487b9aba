import numpy as np
import pytest

from schema import features, request_features
from serving.monitor.logged_request import LINES, PAGES, LoggedRequest, RecordId
from serving.monitor.measuring import measure, measure_request
from serving.monitor.profile import (
    CLOCK_BACK,
    NO_CONFIDENCE,
    NO_LATENCY,
    NO_PICTURE,
    NO_READING,
    UNREADABLE,
)
from tests.serving.monitor.request_logs import NOON, draw_picture
from transforms.image_facts import measure_image


def test_a_picture_has_the_numbers_that_ingestion_gives_it() -> None:
    values = measure_request(draw_picture(3), None, None)
    pixels = np.random.default_rng(3).integers(0, 256, (20, 60), np.uint8)
    facts = measure_image(pixels)
    assert values == {
        request_features.IMAGE_FORMAT: "png",
        features.IMAGE_HEIGHT: 20,
        features.IMAGE_WIDTH: 60,
        features.ASPECT: 3.0,
        features.INK_RATIO: facts.ink_ratio,
        features.BRIGHTNESS_MEAN: facts.brightness_mean,
        features.BRIGHTNESS_DEVIATION: facts.brightness_deviation,
        features.SHARPNESS: facts.sharpness,
    }


@pytest.mark.parametrize("format_", ["png", "jpeg", "gif", "bmp"])
def test_what_the_servables_decode_is_measured(format_: str) -> None:
    values = measure_request(draw_picture(0, format_.upper()), None, None)
    assert values[request_features.IMAGE_FORMAT] == format_
    assert values[features.IMAGE_WIDTH] == 60


@pytest.mark.parametrize("image", [b"", b"<svg/>", draw_picture()[:60], b"BM", b"\xff\xd8\xff\xe0"])
def test_what_is_no_picture_has_no_numbers(image: bytes) -> None:
    assert measure_request(image, None, None) == {request_features.IMAGE_FORMAT: "unreadable"}


def test_a_reading_is_measured_by_its_characters_and_words() -> None:
    values = measure_request(b"", "The cat, the Katze", 0.25, frozenset(["the", "cat"]), 12.5)
    assert values[request_features.READING_LENGTH] == 18
    assert values[request_features.CHARACTERS] == tuple("The cat, the Katze")
    assert values[request_features.UNKNOWN_WORD_SHARE] == pytest.approx(1 / 3)
    assert values[request_features.CONFIDENCE] == 0.25
    assert values[request_features.LATENCY_MS] == 12.5


def test_without_words_none_are_unknown() -> None:
    assert request_features.UNKNOWN_WORD_SHARE not in measure_request(b"", "cat", None)
    empty = measure_request(b"", "", None, frozenset(["cat"]))
    assert empty[request_features.READING_LENGTH] == 0
    assert request_features.UNKNOWN_WORD_SHARE not in empty


def test_the_lines_of_a_page_are_counted_and_measured() -> None:
    boxes = ((0.0, 0.0, 6.0, 60.0), (6.0, 0.0, 18.0, 60.0))
    values = measure_request(draw_picture(), None, None, boxes=boxes)
    assert values[features.LINE_COUNT] == 2
    assert values[features.TYPICAL_HEIGHT] == 9 / 60
    none = measure_request(draw_picture(), None, None, boxes=())
    assert none[features.LINE_COUNT] == 0
    assert features.TYPICAL_HEIGHT not in none


def test_what_a_request_lacks_is_said() -> None:
    record = RecordId("log", 0)
    whole = LoggedRequest(
        record, "m", 1, NOON, 1.0, draw_picture(), LINES, "a", 0.5, latency_ms=3.0
    )
    assert measure(whole).problems == ()
    bare = LoggedRequest(record, "m", 1, NOON, 1.0, b"", None, None, None, clock_back=True)
    lacks = (NO_PICTURE, NO_READING, NO_CONFIDENCE, NO_LATENCY, CLOCK_BACK)
    assert measure(bare).problems == lacks
    page = LoggedRequest(record, "m", 1, NOON, 1.0, b"x", PAGES, None, 0.5, (), 3.0)
    assert measure(page).problems == (UNREADABLE,)
