import base64
import io

from PIL import Image

from serving.html_page.pictures import embed, embed_file


def encode(width: int, height: int, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, kind)
    return buffer.getvalue()


def test_a_line_is_shown_at_twice_its_size_and_a_page_as_it_is():
    data = encode(60, 28)
    picture = embed(data)
    assert (picture.width, picture.is_wide) == (120, False)
    assert base64.b64decode(picture.uri.removeprefix("data:image/png;base64,")) == data
    assert embed(encode(300, 400)).width == 300


def test_a_long_line_is_wide():
    assert embed(encode(481, 28)).is_wide  # 962 pixels
    assert not embed(encode(480, 28)).is_wide


def test_the_media_type_is_that_of_the_picture():
    assert embed(encode(9, 9, "JPEG")).uri.startswith("data:image/jpeg;")


def test_what_is_no_picture_or_is_gone_is_none(tmp_path):
    assert embed(b"no picture") is None
    assert embed_file(tmp_path / "gone.png") is None
    (tmp_path / "there.png").write_bytes(encode(9, 9))
    assert embed_file(tmp_path / "there.png").width == 54  # 6 times, to be 56 high about
