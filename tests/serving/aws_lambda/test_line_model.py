import base64
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from schema.errors import InputError
from serving.aws_lambda.events import RequestError
from serving.aws_lambda.line_model import load_reader, predict, predict_picture
from serving.model_folder import ALPHABET_FILE, DECODING_FILE, EXTRA_ASSETS, LITERT_FILE
from serving.server import tensor_json


def enough() -> float:
    return 60.0


def lines(count: int) -> list[bytes]:
    """PNG of several sizes, up to the 64 columns that the model takes."""
    made = []
    rng = np.random.default_rng(5)
    for _ in range(count):
        height = int(rng.integers(20, 60))
        width = int(rng.integers(height // 4, 2 * height))
        stream = io.BytesIO()
        pixels = rng.integers(0, 256, (height, width)).astype(np.uint8)
        Image.fromarray(pixels).save(stream, "PNG")
        made.append(stream.getvalue())
    return made


@pytest.fixture(scope="module")
def reader(pushed: Path):
    return load_reader(pushed / EXTRA_ASSETS)


def test_it_answers_as_the_served_model(pushed, reader) -> None:
    import tensorflow as tf

    images = lines(24)
    rows = [{"image_bytes": {"b64": base64.b64encode(image).decode()}} for image in images]
    body = json.dumps({"instances": rows}).encode()
    got = json.loads(predict(body, reader, enough))["predictions"]

    read = tf.saved_model.load(str(pushed)).signatures["serving_default"]
    served = {name: value.numpy() for name, value in read(image_bytes=tf.constant(images)).items()}
    expected = json.loads(tensor_json.encode_outputs(served, by_row=True))["predictions"]
    assert len({row["text"] for row in expected}) > 5
    for mine, theirs in zip(got, expected, strict=True):
        assert mine["text"] == theirs["text"]
        assert mine.keys() == theirs.keys()
        for name in ("confidence", "character_confidences"):
            # Pillow rounds pixels by a grey level otherwise than TensorFlow.
            np.testing.assert_allclose(mine[name], theirs[name], atol=0.02)


def bomb() -> bytes:
    stream = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("broken", ["empty", "soup", "truncated", "bomb", "gif", "long"])
def test_pictures_that_cannot_be_read_are_bad_requests(reader, broken, picture) -> None:
    made = {"empty": b"", "soup": b"soup", "truncated": picture[:200], "bomb": bomb()}
    for name, kind, size in (("gif", "GIF", (40, 28)), ("long", "PNG", (400, 28))):
        stream = io.BytesIO()
        Image.new("L", size).save(stream, kind)
        made[name] = stream.getvalue()
    with pytest.raises(RequestError, match=r"^expected .*instances\[0\]") as raised:
        predict_picture(made[broken], reader, enough)
    assert raised.value.status == 400


@pytest.mark.parametrize("missing", [LITERT_FILE, ALPHABET_FILE, DECODING_FILE])
def test_a_model_that_is_not_whole_is_not_loaded(pushed, tmp_path, missing) -> None:
    shutil.copytree(pushed / EXTRA_ASSETS, tmp_path / "model")
    (tmp_path / "model" / missing).unlink()
    with pytest.raises(InputError, match=missing):
        load_reader(tmp_path / "model")
