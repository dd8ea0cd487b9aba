import io
import json
import shutil
import urllib.request

import grpc
import numpy as np
import pytest
from PIL import Image

from schema import features
from serving.monitor.bins import NumberBins
from serving.monitor.reference import Reference, reference_folder
from serving.server.load_settings import LoadSettings
from serving.server.request_validation import (
    METADATA_KEY,
    Oddity,
    add_warnings,
    find_oddities,
    read_limits,
    warnings_of,
)

USUAL = {
    features.BRIGHTNESS_MEAN: np.linspace(190, 210, 101),
    features.IMAGE_HEIGHT: np.full(101, 28.0),
    features.TEXT_LENGTH: np.linspace(1, 30, 101),  # of no picture
}


def reference():
    return Reference(
        bins={name: NumberBins((0.0, 300.0)) for name in USUAL},
        counts={name: np.ones((1, 3), np.uint16) for name in USUAL},
        quantiles=USUAL,
        low_confidence=0.5,
        unsure=np.zeros(1, bool),
        edits=np.zeros(0, np.int64),
        characters=np.zeros(0, np.int64),
        embeddings=np.zeros((0, 0), np.float32),
    )


def picture(brightness, height=28):
    buffer = io.BytesIO()
    Image.new("L", (60, height), brightness).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    folder = tmp_path_factory.mktemp("version") / "7"
    reference().save(reference_folder(folder))
    return folder


def asked(*pictures):
    return {"image_bytes": np.array(pictures, object)}


def test_limits_come_from_the_reference_of_the_version(version, tmp_path, caplog):
    limits = read_limits(version)
    assert set(limits) == {features.BRIGHTNESS_MEAN, features.IMAGE_HEIGHT}
    assert limits[features.IMAGE_HEIGHT].far == (14, 42)
    assert limits[features.BRIGHTNESS_MEAN].usual == pytest.approx((190.2, 209.8))
    assert read_limits(tmp_path) == {}
    assert "are not validated: expected a monitoring reference" in caplog.text


def test_only_what_is_far_off_is_odd(version):
    limits = read_limits(version)
    assert find_oddities(limits, asked(picture(200), picture(160, 40))) == ()
    assert find_oddities(limits, asked(b"no picture", b"")) == ()
    assert find_oddities(limits, {"other": np.array([1.0])}) == ()
    large, small = find_oddities(limits, asked(picture(200), picture(200, 90), picture(200, 200)))
    assert (large.feature, small.feature) == (features.IMAGE_HEIGHT,) * 2
    assert large.message == "picture 1: image_height is 90, far from the usual 28 to 28"


def test_warnings_are_a_field_of_the_body_and_few():
    some = tuple(Oddity("aspect", f"picture {row}: “é”") for row in range(11))
    body = json.loads(add_warnings(b'{"predictions": [{"text": "a}"}]}', some))
    assert body["predictions"] == [{"text": "a}"}]
    assert body["warnings"] == warnings_of(some)
    assert len(body["warnings"]) == 9
    assert body["warnings"][-1] == "3 more"


@pytest.fixture(scope="module")
def validating(base_path, tmp_path_factory):
    from serving.server.model_server import ModelServer, ServerOptions

    root = tmp_path_factory.mktemp("validating") / "lines"
    shutil.copytree(base_path / "7", root / "7")
    reference().save(reference_folder(root / "7"))
    options = ServerOptions(load=LoadSettings(validate_requests=True), metrics_path="/metrics")
    with ModelServer("lines", root, options=options) as running:
        running.wait_until_available(60)
        yield running


def test_rest_answers_tell_and_metrics_count(validating):
    from base64 import b64encode

    def ask(content):
        body = json.dumps({"instances": [{"b64": b64encode(content).decode()}]}).encode()
        url = f"{validating.rest_url}/v1/models/lines:predict"
        with urllib.request.urlopen(urllib.request.Request(url, body)) as answer:
            return json.loads(answer.read())

    assert set(ask(picture(200))) == {"predictions"}
    odd = ask(picture(10))
    assert len(odd["predictions"]) == 1
    [told] = odd["warnings"]
    assert told.startswith("picture 0: brightness_mean is 10, far from the usual 190")
    with urllib.request.urlopen(f"{validating.rest_url}/metrics") as answer:
        text = answer.read().decode()
    counted = 'request_oddity_count{model_name="lines",feature="brightness_mean"} 1'
    assert counted in text


def test_official_grpc_clients_read_the_answer_as_before(validating):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "lines"
    with grpc.insecure_channel(validating.grpc_address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        outputs = []
        for brightness, warned in ((200, False), (10, True)):
            request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([picture(brightness)]))
            response, call = stub.Predict.with_call(request, timeout=30)
            outputs.append(set(response.outputs))
            told = dict(call.trailing_metadata()).get(METADATA_KEY)
            assert (told is not None) == warned
    assert outputs[0] == outputs[1]
    assert "brightness_mean" in json.loads(told)[0]
