import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from schema.errors import InputError
from transforms import image as with_tensorflow
from transforms import image_numpy
from transforms.image_numpy import decode_image, normalise_line


def encode(pixels: np.ndarray, kind: str, mode: str | None = None) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(stream, kind)
    return stream.getvalue()


def smooth(channels: int) -> np.ndarray:
    y, x = np.mgrid[:40, :90]
    return np.stack([(2 * x + 3 * y * n + 5) % 256 for n in range(channels)], -1).astype(np.uint8)


@pytest.mark.parametrize("name", ["LINE_HEIGHT", "MIN_CONTRAST", "MAX_LINE_WIDTH"])
def test_constants_are_those_of_tensorflow(name):
    assert getattr(image_numpy, name) == getattr(with_tensorflow, name)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 90),
    st.integers(1, 300),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 2**31 - 1),
)
def test_lines_are_normalised_as_with_tensorflow(height, width, one, other, seed):
    image = np.random.default_rng(seed).choice([one, other], (height, width)).astype(np.uint8)
    got, expected = normalise_line(image), with_tensorflow.normalise_line(image)[:, :, 0].numpy()
    assert got.dtype == np.float32
    assert got.shape == expected.shape
    # Where paper and ink balance, rounding may decide which of them is the bright one.
    if abs(expected.mean() - 0.5) > 1e-3:
        np.testing.assert_allclose(got, expected, atol=1e-3)


@pytest.mark.parametrize(
    "picture",
    [
        encode(smooth(3), "PNG"),
        encode(smooth(4), "PNG"),
        encode(smooth(3)[:, :, 0], "PNG"),
        encode(smooth(3), "PNG", "LA"),
        encode(smooth(3), "PNG", "P"),
        encode(smooth(3), "PNG", "1"),
        encode(smooth(3)[:, :, 0].astype(np.uint16) * 257, "PNG"),
        encode(smooth(3), "JPEG"),
        encode(smooth(3)[:, :, 0], "JPEG"),
    ],
    ids=["RGB", "RGBA", "grey", "LA", "palette", "1 bit", "16 bits", "JPEG", "grey JPEG"],
)
def test_pictures_are_decoded_as_with_tensorflow(picture):
    got = decode_image(picture, "a")
    expected = with_tensorflow.decode_image(picture).numpy()
    assert got.dtype == np.uint8
    assert np.abs(got.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("picture", [b"", b"soup", encode(smooth(3), "PNG")[:99]])
def test_what_is_no_picture_is_named(picture):
    with pytest.raises(InputError, match=r"expected a PNG or JPEG picture, .* in a\.png"):
        decode_image(picture, "a.png")


@pytest.mark.parametrize("size", [(8000, 4001), (20_000, 10_000)])
def test_a_picture_that_would_fill_memory_is_refused_unseen(size):
    stream = io.BytesIO()
    Image.new("1", size).save(stream, "PNG")
    assert len(stream.getvalue()) < 40_000
    with pytest.raises(InputError, match="at most 32000000 pixels, got more in bomb"):
        decode_image(stream.getvalue(), "bomb")
