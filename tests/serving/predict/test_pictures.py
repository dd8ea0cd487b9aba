import io
import sys
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image

from serving.predict import pictures
from serving.predict.pictures import Picture, open_pictures
from serving.predict.sources import Source

EXIF_ORIENTATION, QUARTER_TURN = 0x0112, 6


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def opened(tmp_path: Path, content: bytes, name: str = "a.png") -> list[Picture]:
    path = tmp_path / name
    path.write_bytes(content)
    return list(open_pictures(Source(name, path, PurePath(path.stem)), 100))


def pixels(picture: Picture) -> np.ndarray:
    with Image.open(io.BytesIO(picture.content)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_servers_take_is_sent_as_it_is(tmp_path: Path, kind: str) -> None:
    content = encode(Image.new("RGB", (30, 20)), kind)
    [picture] = opened(tmp_path, content)
    assert picture.content == content
    assert (picture.size, picture.file_name, picture.problem) == ((30, 20), "a.png", "")


def test_a_turned_photograph_is_sent_upright(tmp_path: Path) -> None:
    image = Image.new("L", (30, 20), 255)
    image.paste(0, (0, 0, 30, 5))  # above as stored, at the right when upright
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = QUARTER_TURN
    [picture] = opened(tmp_path, encode(image, "JPEG", exif=exif, quality=95))
    assert picture.size == (20, 30)
    assert pixels(picture).shape == (30, 20)
    assert pixels(picture)[:, -3].max() < 50 < 200 < pixels(picture)[:, 3].min()


@pytest.mark.parametrize(
    ("mode", "kind", "sent"),
    [
        ("CMYK", "JPEG", "JPEG"),
        ("RGB", "WEBP", "JPEG"),
        ("LA", "PNG", "PNG"),
        ("L", "TIFF", "PNG"),
        ("1", "TIFF", "PNG"),
        ("CMYK", "TIFF", "PNG"),
        ("P", "GIF", "PNG"),
        ("RGB", "BMP", "PNG"),
    ],
)
def test_other_kinds_become_png_or_jpeg(tmp_path: Path, mode: str, kind: str, sent: str) -> None:
    [picture] = opened(tmp_path, encode(Image.new(mode, (30, 20)), kind), "a.x")
    with Image.open(io.BytesIO(picture.content)) as image:
        assert (image.format, image.mode in ("L", "RGB")) == (sent, True)
    assert (picture.size, picture.file_name, picture.drawn) == ((30, 20), "a.x", False)


def test_transparency_lies_on_white_and_wide_greys_become_narrow(tmp_path: Path) -> None:
    [clear] = opened(tmp_path, encode(Image.new("RGBA", (3, 2), (0, 0, 0, 0)), "TIFF"))
    assert pixels(clear).min() == 255
    wide = Image.fromarray(np.full((2, 3), 200 * 256 + 7, np.uint16))
    [narrow] = opened(tmp_path, encode(wide, "TIFF"))
    assert pixels(narrow).tolist() == [[200] * 3] * 2


def test_every_page_of_a_tiff_is_read(tmp_path: Path) -> None:
    frames = [Image.new("L", (30, 20 + number)) for number in range(3)]
    content = encode(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    found = opened(tmp_path, content, "scan.tif")
    assert [picture.name for picture in found] == ["scan.tif#1", "scan.tif#2", "scan.tif#3"]
    assert [picture.size for picture in found] == [(30, 20), (30, 21), (30, 22)]
    assert (found[2].target.name, found[2].file_name) == ("scan-0003", "scan-0003.png")
    assert (found[2].page, found[2].pages, found[2].drawn) == (3, 3, True)


def test_standard_input_is_a_source(monkeypatch) -> None:
    content = encode(Image.new("L", (30, 20)))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    [picture] = open_pictures(Source("standard input", None, PurePath("stdin")), 100)
    assert (picture.content, picture.file_name) == (content, "stdin")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a picture"),
        (b"not a picture", "expected a picture"),
        (encode(Image.new("L", (300, 200)), "TIFF")[:2000], "expected a complete picture"),
        (encode(Image.new("F", (3, 2)), "TIFF"), "expected grey levels of 8 or 16 bits"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    [picture] = opened(tmp_path, content)
    assert picture.content == b""
    assert picture.problem.startswith(message)
    assert "\n" not in picture.problem


def test_an_absent_file_and_a_picture_too_large_are_told(tmp_path: Path, monkeypatch) -> None:
    [absent] = open_pictures(Source("x", tmp_path / "x", PurePath("x")), 100)
    assert absent.problem == (
        "expected a readable file, got No such file or directory: correct its path"
    )
    monkeypatch.setattr(pictures, "MAX_PIXELS", 500)
    [large] = opened(tmp_path, encode(Image.new("L", (30, 20))))
    assert large.problem.startswith("expected a picture of 1 to 500 pixels, got 30 x 20")
