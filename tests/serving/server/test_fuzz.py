"""Throws generated requests at both protocols: no crash, no hang, no fault of the server."""

import base64
import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import grpc
import httpx
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)

from schema.errors import InputError
from serving.server.model_config import models_of
from serving.server.model_server import Server

TIMEOUT = 20
FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED}

fuzzed = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.fixture(scope="module")
def http(several: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=several.rest_url, trust_env=False, timeout=TIMEOUT) as client:
        yield client


@pytest.fixture(scope="module")
def channel(several: Server) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(several.grpc_address) as opened:
        yield opened


@pytest.fixture(autouse=True)
def lives(http: httpx.Client) -> Iterator[None]:
    """Check after each test that a good request is answered."""
    yield
    response = http.post("/v1/models/lines:predict", json={"instances": ["abc"]})
    assert response.json() == {"predictions": [{"text": "read 3", "confidence": 0.3}]}


def check(response: httpx.Response) -> None:
    assert response.status_code < 500, response.text
    document = json.loads(response.content)
    if response.status_code != 200:
        assert list(document) == ["error"]
        assert isinstance(document["error"], str)


names = st.sampled_from(["x", "n", "image_bytes", "raw", "b64", "offset", "é", ""])
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5).map(lambda value: {"b64": base64.b64encode(value).decode()}),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=3)),
    max_leaves=12,
)
bodies = st.dictionaries(
    st.sampled_from(["instances", "inputs", "examples", "context"]), values, min_size=1, max_size=2
)
signatures = st.sampled_from(["", "double", "echo", "checked", "regress", "scores", "nope"])
paths = st.builds(
    "/v1/models/{}{}:{}".format,
    st.sampled_from(["lines", "examples", "nope"]),
    st.sampled_from(["", "/versions/7", "/versions/99", "/labels/stable", "/labels/gone"]),
    st.sampled_from(["predict", "classify", "regress"]),
)


@fuzzed
@given(paths, bodies, signatures)
def test_documents_of_any_content(
    http: httpx.Client, path: str, body: dict[str, Any], signature: str
) -> None:
    content = json.dumps({**body, "signature_name": signature})
    check(http.post(path, content=content))


VALID = json.dumps({"signature_name": "double", "inputs": {"x": [[1.5, 2]], "n": [3]}}).encode()


@st.composite
def mutated(draw: Any, of: bytes) -> bytes:
    """Cut, repeat and change pieces of bytes."""
    data = bytearray(of)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        kind = draw(st.sampled_from(["set", "insert", "delete", "repeat", "cut"]))
        if kind == "set" and data:
            data[at] = draw(st.integers(0, 255))
        elif kind == "insert":
            data[at:at] = draw(st.binary(max_size=6))
        elif kind == "delete":
            del data[at : at + draw(st.integers(1, 8))]
        elif kind == "repeat":
            data[at:at] = data[at : at + 16] * draw(st.integers(1, 8))
        else:
            del data[at:]
    return bytes(data)


@fuzzed
@given(mutated(VALID), st.sampled_from([None, "gzip", "deflate", "identity"]))
def test_damaged_documents(http: httpx.Client, body: bytes, encoding: str | None) -> None:
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    check(http.post("/v1/models/lines:predict", content=body, headers=headers))


@fuzzed
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]),
    st.lists(st.text(max_size=8), max_size=5),
    st.sampled_from(["", ":predict", "/metadata", "/versions/", "/labels/"]),
)
def test_paths_and_methods_of_any_kind(
    http: httpx.Client, method: str, parts: list[str], end: str
) -> None:
    path = "/v1/models/" + "/".join(quote(part, errors="replace", safe=":") for part in parts) + end
    response = http.request(method, path)
    assert response.status_code < 500, response.text


@fuzzed
@given(
    st.one_of(
        st.binary(max_size=300),
        mutated(
            b"POST /v1/models/lines:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        ),
    )
)
def test_bytes_that_are_no_http(several: Server, data: bytes) -> None:
    address = urlsplit(several.rest_url)
    with socket.create_connection((address.hostname, address.port), TIMEOUT) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        got = client.recv(1 << 16)
    assert not got.startswith(b"HTTP/1.1 5")


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"instances": ' + b'{"x":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
        b'{"instances": [' + b"9" * 100_000 + b"]}",
        b'{"instances": [1e999999]}',
        b'{"instances": ["\xff"]}',
        b'{"instances": ["\\ud800"]}',
        b"\xef\xbb\xbf{}",
        b"\x00",
    ],
)
def test_documents_that_break_parsers(http: httpx.Client, body: bytes) -> None:
    response = http.post("/v1/models/lines:predict", content=body)
    assert response.status_code == 400
    assert "error" in response.json()


def predict_request() -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "lines"
    request.model_spec.signature_name = "double"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.ones([2, 2], np.float32)))
    request.inputs["n"].CopyFrom(tf.make_tensor_proto(np.array([1, 2])))
    return request


def examples_request(kind: Any, signature: str) -> Any:
    request = kind()
    request.model_spec.name = "examples"
    request.model_spec.signature_name = signature
    example = request.input.example_list.examples.add()
    example.features.feature["x"].float_list.value.append(0.5)
    return request


def multi_request() -> Any:
    request = inference_pb2.MultiInferenceRequest()
    request.input.CopyFrom(examples_request(regression_pb2.RegressionRequest, "").input)
    task = request.tasks.add(method_name="tensorflow/serving/regress")
    task.model_spec.name = "examples"
    task.model_spec.signature_name = "regress"
    return request


def metadata_request() -> Any:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "lines"
    return request


def status_request() -> Any:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "lines"
    return request


REQUESTS = {
    "PredictionService/Predict": predict_request(),
    "PredictionService/Classify": examples_request(classification_pb2.ClassificationRequest, ""),
    "PredictionService/Regress": examples_request(regression_pb2.RegressionRequest, "regress"),
    "PredictionService/MultiInference": multi_request(),
    "PredictionService/GetModelMetadata": metadata_request(),
    "ModelService/GetModelStatus": status_request(),
}


def check_answer(call: Any, data: bytes) -> None:
    answered = call.future(data, timeout=TIMEOUT)
    assert answered.code() not in FAULTS, answered.details()


@pytest.mark.parametrize("method", sorted(REQUESTS))
def test_damaged_messages(channel: grpc.Channel, method: str) -> None:
    call = channel.unary_unary(f"/tensorflow.serving.{method}")
    valid = REQUESTS[method].SerializeToString()
    assert call(valid, timeout=TIMEOUT)

    @fuzzed
    @given(mutated(valid))
    def ask(data: bytes) -> None:
        check_answer(call, data)

    ask()


tensors = st.builds(
    lambda dtype, shape, content, floats, strings: {
        "dtype": dtype,
        "shape": shape,
        "content": content,
        "floats": floats,
        "strings": strings,
    },
    st.integers(0, 130),
    st.lists(st.integers(-2, 2**62), max_size=4),
    st.binary(max_size=24),
    st.lists(st.floats(width=32), max_size=4),
    st.lists(st.binary(max_size=4), max_size=4),
)


@fuzzed
@given(st.dictionaries(st.sampled_from(["x", "n", "y"]), tensors, max_size=3), signatures)
def test_tensors_that_contradict_themselves(
    channel: grpc.Channel, inputs: dict[str, Any], signature: str
) -> None:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "lines"
    request.model_spec.signature_name = signature
    for name, given_tensor in inputs.items():
        tensor = request.inputs[name]
        tensor.dtype = given_tensor["dtype"]
        for size in given_tensor["shape"]:
            tensor.tensor_shape.dim.add(size=size)
        tensor.tensor_content = given_tensor["content"]
        tensor.float_val.extend(given_tensor["floats"])
        tensor.string_val.extend(given_tensor["strings"])
    call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    check_answer(call, request.SerializeToString())


def config() -> bytes:
    made = model_management_pb2.ReloadConfigRequest().config
    model = made.model_config_list.config.add(name="m", base_path="/m", model_platform="tensorflow")
    model.model_version_policy.specific.versions.append(7)
    model.version_labels["stable"] = 7
    model.logging_config.sampling_config.sampling_rate = 0.5
    model.logging_config.log_collector_config.filename_prefix = "/logs/m"
    serialized: bytes = made.SerializeToString()
    return serialized


@fuzzed
@given(mutated(config()))
def test_damaged_configurations(data: bytes) -> None:
    made = model_management_pb2.ReloadConfigRequest().config
    try:
        made.ParseFromString(data)
    except DecodeError:
        return
    with contextlib.suppress(InputError):
        models_of(made)
