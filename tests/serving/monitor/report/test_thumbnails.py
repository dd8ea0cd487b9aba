import io

import pytest
from PIL import Image

from serving.monitor.report import thumbnails
from serving.monitor.report.thumbnails import thumbnail


def encode(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_any_mode_is_shown(mode):
    assert thumbnail(encode(Image.new(mode, (60, 28)))).width == 120


def test_a_page_becomes_small():
    shown = thumbnail(encode(Image.new("L", (3000, 4000)), "JPEG"))
    assert shown.width <= 320
    assert shown.uri.startswith("data:image/png;base64,")


def test_what_is_beside_the_pixels_stays_outside():
    encoded = encode(Image.new("L", (60, 28)), "JPEG", comment=b"secret")
    import base64

    written = base64.b64decode(thumbnail(encoded).uri.partition(",")[2])
    assert b"secret" in encoded
    assert b"secret" not in written


@pytest.mark.parametrize(
    ("encoded", "told"),
    [
        (b"", "no picture was sent"),
        (b"text", "not readable as a picture (UnidentifiedImageError), 4 bytes"),
        (encode(Image.new("L", (60, 28)))[:50], "not readable as a picture"),
    ],
)
def test_what_is_no_picture_is_told(encoded, told):
    assert thumbnail(encoded).startswith(told)


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(thumbnails, "MOST_PIXELS", 100)
    assert thumbnail(encode(Image.new("L", (60, 28)))) == "60 x 28 pixels: too large to show"
