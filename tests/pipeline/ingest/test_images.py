import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.ingest.images import ImageProblem, measure_picture, read_image


def encoded(image: Image.Image, form: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A picture that declares a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


GRADIENT = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (32, 1))  # [32, 64]


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "GIF", "PPM"])
def test_lossless_formats_keep_every_pixel(form: str) -> None:
    pixels = read_image(encoded(Image.fromarray(GRADIENT), form), "it")
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, GRADIENT)


@pytest.mark.parametrize(("form", "mode"), [("JPEG", "L"), ("JPEG", "RGB"), ("WEBP", "RGB")])
def test_lossy_formats_are_close(tmp_path: Path, form: str, mode: str) -> None:
    path = tmp_path / "picture"
    path.write_bytes(encoded(Image.fromarray(GRADIENT).convert(mode), form, quality=95))
    np.testing.assert_allclose(read_image(path, "it").astype(int), GRADIENT, atol=6)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_exif_rotation_is_applied(orientation: int, form: str) -> None:
    upright = np.full((32, 64), 255, np.uint8)
    upright[:16, :16] = 0  # the upper left corner is dark
    stored = {  # how a camera held that way stores it
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(np.ascontiguousarray(stored)).convert("RGB"), form, exif=exif)
    pixels = read_image(data, "it")
    np.testing.assert_allclose(pixels.astype(int), upright, atol=10)
    assert measure_picture(data, "it") == (64, 32)


def test_a_size_is_read_from_the_header_of_a_broken_picture() -> None:
    data = encoded(Image.new("L", (300, 200)), "JPEG")
    assert measure_picture(data[: len(data) // 2], "it") == (300, 200)
    with pytest.raises(ImageProblem, match="complete JPEG"):
        read_image(data[: len(data) // 2], "it")


def test_cmyk_becomes_grey() -> None:
    image = Image.fromarray(GRADIENT).convert("RGB").convert("CMYK")
    data = encoded(image, "JPEG", quality=95)
    assert Image.open(io.BytesIO(data)).mode == "CMYK"
    np.testing.assert_allclose(read_image(data, "it").astype(int), GRADIENT, atol=8)


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_become_eight(form: str) -> None:
    wide = GRADIENT.astype(np.uint16) * 257
    np.testing.assert_array_equal(read_image(encoded(Image.fromarray(wide), form), "it"), GRADIENT)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparent_becomes_white(mode: str) -> None:
    image = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    image.putpixel((0, 0), (0, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 128))
    pixels = read_image(encoded(image.convert(mode)), "it")
    assert pixels[0].tolist() == [0, 127, 255, 255]
    assert (pixels[1] == 255).all()


def test_palettes_are_resolved() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 200, 200, 10, 10, 10])
    image.putpixel((1, 0), 1)
    assert read_image(encoded(image), "it").tolist() == [[200, 10]]
    assert read_image(encoded(image, transparency=1), "it").tolist() == [[200, 255]]


def test_one_bit_becomes_eight() -> None:
    image = Image.fromarray(GRADIENT > 128)
    assert set(np.unique(read_image(encoded(image), "it"))) == {0, 255}


@pytest.mark.parametrize("size", [(5000, 5000), (20_000, 20_000), (60_000, 60_000)])
def test_a_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(ImageProblem, match=r"at most 1,000,000 pixels.*in bomb\.png"):
        read_image(png_header(*size), "bomb.png", max_pixels=1_000_000)


def test_the_limit_is_inclusive() -> None:
    data = encoded(Image.fromarray(GRADIENT))
    assert read_image(data, "it", max_pixels=GRADIENT.size).shape == GRADIENT.shape
    with pytest.raises(ImageProblem, match="64 x 32"):
        read_image(data, "it", max_pixels=GRADIENT.size - 1)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "GIF", "BMP", "WEBP"])
def test_truncated_pictures_are_refused(form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    data = encoded(Image.fromarray(noise), form)
    with pytest.raises(ImageProblem, match=r"in cut\.img: .*again|in cut\.img: convert"):
        read_image(data[: len(data) // 2], "cut.img")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty file"),
        (b"%PDF-1.7 nothing", "something else"),
        (b"GIF89a", "in it"),
        (png_header(0, 10), "in it"),
        (encoded(Image.new("F", (4, 4)), "TIFF"), "floating-point"),
        (encoded(Image.new("I", (4, 4), 70_000), "TIFF"), "70000"),
        (encoded(Image.new("L", (4, 4)), "TGA"), "something else"),
    ],
)
def test_what_is_no_usable_picture_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ImageProblem, match=said):
        read_image(data, "it")


def test_damaged_bytes_raise_nothing_else() -> None:
    rng = np.random.default_rng(1)
    for form in ("JPEG", "PNG", "TIFF"):
        whole = np.frombuffer(encoded(Image.fromarray(GRADIENT), form), np.uint8)
        for _ in range(60):
            damaged = whole.copy()
            damaged[rng.integers(0, len(whole), 6)] = rng.integers(0, 256, 6)
            with contextlib.suppress(ImageProblem):
                assert read_image(damaged.tobytes(), "it", max_pixels=10**6).ndim == 2


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(ImageProblem, match=r"got none at none\.png"):
            read_image(path, "none.png")
