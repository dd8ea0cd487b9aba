import base64
import io
import struct
import zlib

import grpc
import httpx
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from serving.server.image_limits import check_images, image_size
from serving.server.model_server import ModelServer
from serving.server.status import ServableError


def picture(kind: str, width: int, height: int, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (width, height)).save(stream, kind, **options)
    return stream.getvalue()


def bomb(width: int, height: int) -> bytes:
    """The beginning of a PNG that announces many pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "exif": b"Exif\x00\x00" + b"\xff\xc0" * 50}),
        ("GIF", {}),
        ("BMP", {}),
    ],
)
def test_the_size_is_read_from_the_head(kind: str, options: dict) -> None:
    assert image_size(picture(kind, 300, 20, **options)) == (300, 20)


@given(st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(lambda b: b"\xff\xd8" + b)))
def test_what_is_no_picture_has_no_size(data: bytes) -> None:
    width, height = image_size(data)
    assert width >= 0
    assert height >= 0


def test_a_head_that_is_cut_off_has_no_size() -> None:
    for kind in ("PNG", "JPEG", "GIF", "BMP"):
        whole = picture(kind, 300, 20)
        for length in range(30):
            assert image_size(whole[:length]) in ((0, 0), (300, 20))


def test_only_larger_pictures_are_refused() -> None:
    inputs = {
        "numbers": np.zeros([2, 2]),
        "image_bytes": np.array([b"text", picture("PNG", 10, 10)], dtype=object),
    }
    check_images(inputs, 100)
    with pytest.raises(ServableError, match="at most 99 pixels, got one of 10 x 10"):
        check_images(inputs, 99)


def test_a_bomb_is_refused_by_both_protocols(server: ModelServer) -> None:
    data = bomb(20_000, 20_000)
    row = {"b64": base64.b64encode(data).decode()}
    url = f"{server.rest_url}/v1/models/lines:predict"
    response = httpx.post(url, json={"instances": [row]}, trust_env=False)
    assert response.status_code == 400
    assert "20000 x 20000" in response.json()["error"]
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "lines"
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([data]))
    with grpc.insecure_channel(server.grpc_address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        answered = stub.Predict.future(request, timeout=20)
        assert answered.code() == grpc.StatusCode.INVALID_ARGUMENT
