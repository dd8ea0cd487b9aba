"""The page servable reads what the line model says of the crops, over every way in."""

import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from schema import features
from serving import page_reader
from serving.client import ServingError, predict_grpc, predict_rest
from serving.client.readings import read_row
from serving.model_folder import find_model
from serving.page_export import compose_page
from serving.server.model_server import ModelServer
from serving.server.servable import Servable
from serving.server.status import Code, ServableError
from serving.signatures import TEXTS
from transforms.crop import box_extents, ink_extent

PAPER = 230


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def draw(boxes: list[tuple[int, int, int, int]], height: int, width: int = 600) -> np.ndarray:
    """Draws noise with a dark frame into boxes on paper, so that each is a line of its own."""
    page = np.full((height, width), PAPER, np.uint8)
    for number, (top, left, bottom, right) in enumerate(boxes):
        rng = np.random.default_rng(number)
        noise = rng.integers(0, 256, (bottom - top, right - left)).astype(np.uint8)
        noise[[0, -1]] = 0
        noise[:, [0, -1]] = 0
        # Between the frame's rows every row has ink, so that a band does not fall apart.
        noise[:, :: max((right - left) // (number % 5 + 2), 1)] = 0
        page[top:bottom, left:right] = noise
    return page


BOXES = [
    (0, 5, 30, 200),  # at the page's edge
    (40, 100, 68, 580),
    (80, 10, 140, 90),
    (160, 0, 162, 600),  # a rule: two pixels high, hundreds of times as wide
    (200, 299, 230, 300),  # a speck, one pixel wide
    (250, 30, 300, 600),
]
PAGE = draw(BOXES, 320)
LONG = draw([(10 * n, 5, 10 * n + 7, 20 + 7 * (n * 37 % 80)) for n in range(60)], 610)
BLANK = np.full((50, 70), PAPER, np.uint8)


@pytest.fixture(scope="module")
def servable(pages_base_path: Path) -> Servable:
    return Servable(find_model(pages_base_path))


@pytest.fixture(scope="module")
def line_reader(parents: tuple[Path, Path]) -> Servable:
    return Servable(find_model(parents[1]))


def read(servable: Servable, *pages: bytes, signature: str = "serving_default", key="image_bytes"):
    return servable.predict(signature, {key: np.array(pages, object)})


def expected_lines(line_reader: Servable, page: np.ndarray, boxes: np.ndarray):
    extents = box_extents(tf.constant(boxes, tf.float32), tf.constant(page.shape))
    narrowed = [ink_extent(tf.constant(page), extent).numpy() for extent in extents]
    crops = [png(page[top:bottom, left:right]) for top, left, bottom, right in narrowed]
    one_by_one = [read(line_reader, crop) for crop in crops]
    texts = [each["text"][0] for each in one_by_one]
    of_characters = [each["character_confidences"][0] for each in one_by_one]
    return texts, [each["confidence"][0] for each in one_by_one], of_characters


@pytest.mark.parametrize("page", [PAGE, LONG], ids=["boxes of all shapes", "60 lines"])
def test_texts_are_what_the_line_model_says_of_the_crops(servable, line_reader, page) -> None:
    got = read(servable, png(page))
    texts, confidences, of_characters = expected_lines(line_reader, page, got["boxes"][0])
    assert got["texts"][0].tolist() == texts
    assert len(set(texts)) > 4
    np.testing.assert_allclose(got["confidences"][0], confidences, rtol=1e-5)
    for text, told, expected in zip(
        texts, got["character_confidences"][0], of_characters, strict=True
    ):
        np.testing.assert_allclose(told[: len(text)], expected, rtol=1e-5)
        assert np.all(told[len(text) :] == -1)


def test_boxes_are_the_detectors(servable) -> None:
    got = read(servable, png(PAGE))
    np.testing.assert_array_equal(got["boxes"], [BOXES])
    assert got["count"].tolist() == [len(BOXES)]
    assert {name: array.dtype.name for name, array in got.items()} == {
        "boxes": "float32",
        "character_confidences": "float32",
        "confidences": "float32",
        "count": "int32",
        "texts": "object",
    }


def test_shorter_pages_are_padded(servable) -> None:
    alone, together = read(servable, png(PAGE)), read(servable, png(BLANK), png(PAGE))
    assert together["count"].tolist() == [0, len(BOXES)]
    assert set(together["texts"][0]) == {b""}
    assert np.all(together["boxes"][0] == -1)
    assert np.all(together["confidences"][0] == -1)
    assert np.all(together["character_confidences"][0] == -1)
    for name in alone:
        np.testing.assert_array_equal(together[name][1], alone[name][0])


@pytest.mark.parametrize("pages", [[BLANK], [BLANK, BLANK], [PAGE[35:36]], []])
def test_nothing_to_read_is_well_formed(servable, pages) -> None:
    got = read(servable, *map(png, pages))
    n = len(pages)
    assert got["count"].tolist() == [0] * n
    shapes = [got[name].shape for name in ("boxes", "texts", "confidences")]
    assert shapes == [(n, 0, 4), (n, 0), (n, 0)]
    assert got["character_confidences"].shape[:2] == (n, 0)


def test_a_page_one_pixel_high_is_read(servable, line_reader) -> None:
    page = PAGE[80:81, :100]
    got = read(servable, png(page))
    assert got["texts"][0].tolist() == expected_lines(line_reader, page, got["boxes"][0])[0]
    assert got["count"].tolist() == [1]


def test_examples_are_read_the_same(servable) -> None:
    value = tf.train.Feature(bytes_list=tf.train.BytesList(value=[png(PAGE)]))
    example = tf.train.Example(features=tf.train.Features(feature={features.IMAGE: value}))
    got = read(servable, example.SerializeToString(), signature="serving_examples", key="examples")
    for name, array in read(servable, png(PAGE)).items():
        np.testing.assert_array_equal(got[name], array)


def test_tensorflow_2_loads_it_as_well(pages_base_path, servable) -> None:
    model = tf.saved_model.load(str(find_model(pages_base_path)))
    got = model.signatures["serving_default"](image_bytes=tf.constant([png(PAGE)]))
    for name, array in read(servable, png(PAGE)).items():
        np.testing.assert_array_equal(got[name], array)


@pytest.mark.parametrize("page", [b"", b"not a picture", png(PAGE)[:200]])
def test_what_is_no_picture_is_an_invalid_argument(servable, page) -> None:
    with pytest.raises(ServableError) as caught:
        read(servable, png(PAGE), page)
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_a_page_too_large_is_an_invalid_argument(parents, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(page_reader, "MAX_PAGE_PIXELS", PAGE.size)
    servable = Servable(compose_page(*parents, tmp_path))
    assert read(servable, png(PAGE))["count"].tolist() == [len(BOXES)]
    with pytest.raises(ServableError, match="at most 192,000 pixels") as caught:
        read(servable, png(LONG))
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_both_protocols_read_pages(page_server: ModelServer, servable, line_reader) -> None:
    pages = [png(PAGE), png(BLANK)]
    rows = predict_rest(page_server.rest_url, "pages", pages, 20)
    assert predict_grpc(page_server.grpc_address, "pages", pages, 20) == rows
    by_rest = [read_row(row, TEXTS, "here") for row in rows]
    assert [len(page) for page in by_rest] == [len(BOXES), 0]
    assert [line.box for line in by_rest[0]] == BOXES
    texts, confidences, _ = expected_lines(line_reader, PAGE, np.array(BOXES))
    assert [line.text.encode() for line in by_rest[0]] == texts
    np.testing.assert_allclose([line.confidence for line in by_rest[0]], confidences, rtol=1e-5)


@pytest.mark.parametrize("ask", [predict_rest, predict_grpc])
def test_no_picture_is_refused_over_both_protocols(page_server: ModelServer, ask) -> None:
    by_rest = ask is predict_rest
    target = page_server.rest_url if by_rest else page_server.grpc_address
    with pytest.raises(ServingError, match="400" if by_rest else "INVALID_ARGUMENT"):
        ask(target, "pages", [b"not a picture"], 20)
