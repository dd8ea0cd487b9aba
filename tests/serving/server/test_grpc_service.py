from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from schema.errors import InputError
from serving.server.model_server import ModelServer
from serving.server.tensor_protos import fill_proto, to_array

TIMEOUT = 20
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES = [*INTEGERS, "bool", "float16", "float32", "float64", "complex64", "complex128"]


@pytest.fixture(scope="module")
def channel(server: ModelServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.grpc_address) as opened:
        yield opened


@pytest.fixture(scope="module")
def prediction(channel: grpc.Channel) -> Any:
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="module")
def models(channel: grpc.Channel) -> Any:
    return model_service_pb2_grpc.ModelServiceStub(channel)


def predict_request(name: str = "lines", signature: str = "", **inputs: Any) -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for alias, value in inputs.items():
        request.inputs[alias].CopyFrom(tf.make_tensor_proto(value))
    return request


def refused(call: Any, request: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=TIMEOUT)
    return caught.value.code(), caught.value.details()


def test_predict_fills_the_typed_fields_and_the_effective_spec(prediction: Any) -> None:
    response = prediction.Predict(predict_request(image_bytes=[b"abc", b"a"]), timeout=TIMEOUT)
    assert list(response.outputs["text"].string_val) == [b"read 3", b"read 1"]
    assert list(response.outputs["confidence"].float_val) == pytest.approx([0.3, 0.1])
    assert response.model_spec.name == "lines"
    assert response.model_spec.version.value == 7
    assert response.model_spec.signature_name == "serving_default"


def test_predict_honours_version_signature_and_filter(prediction: Any) -> None:
    request = predict_request(signature="double", x=np.ones([1, 2], np.float32), n=np.array([2]))
    request.model_spec.version.value = 7
    request.output_filter.extend(["n", "total"])
    response = prediction.Predict(request, timeout=TIMEOUT)
    assert sorted(response.outputs) == ["n", "total"]
    assert list(response.outputs["n"].int64_val) == [2]
    assert tf.make_ndarray(response.outputs["total"]) == 2


def test_predict_refusals(prediction: Any) -> None:
    code = grpc.StatusCode
    images = {"image_bytes": [b""]}
    assert refused(prediction.Predict, predict_request("other", **images)) == (
        code.NOT_FOUND,
        "Servable not found for request: Latest(other)",
    )
    assert refused(prediction.Predict, predict_request(signature="s", **images)) == (
        code.FAILED_PRECONDITION,
        'Serving signature key "s" not found.',
    )
    status, details = refused(prediction.Predict, predict_request(wrong=[b""]))
    assert status == code.INVALID_ARGUMENT
    assert "Sent extra: {wrong}. Missing but required: {image_bytes}." in details
    assert refused(prediction.Predict, predict_pb2.PredictRequest()) == (
        code.INVALID_ARGUMENT,
        "Missing ModelSpec",
    )
    old = predict_request(**images)
    old.model_spec.version.value = 6
    assert refused(prediction.Predict, old)[1].endswith("Specific(lines, 6)")


def test_a_request_beyond_the_limit_is_refused(prediction: Any) -> None:
    status, _ = refused(prediction.Predict, predict_request(image_bytes=[b"a" * 200_000]))
    assert status == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_metadata_tells_the_signatures(prediction: Any) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "lines"
    response = prediction.GetModelMetadata(request, timeout=TIMEOUT)
    assert response.model_spec.version.value == 7
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert "image_bytes" in signatures.signature_def["serving_default"].inputs


def test_metadata_of_another_kind_is_refused(prediction: Any) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["weights"])
    request.model_spec.name = "lines"
    status, details = refused(prediction.GetModelMetadata, request)
    assert status == grpc.StatusCode.INVALID_ARGUMENT
    assert "weights" in details


def test_status_tells_the_versions(models: Any) -> None:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "lines"
    (status,) = models.GetModelStatus(request, timeout=TIMEOUT).model_version_status
    assert status.version == 7
    assert status.state == get_model_status_pb2.ModelVersionStatus.AVAILABLE
    assert status.status.error_code == 0


def test_status_of_another_model_is_not_found(models: Any) -> None:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "other"
    assert refused(models.GetModelStatus, request)[0] == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_survives_the_message(dtype: str) -> None:
    array = np.array([[0, 1], [1, 0]]).astype(dtype)
    proto = tf.make_tensor_proto(0)
    proto.Clear()
    fill_proto(proto, array)
    assert proto.tensor_content == b""
    np.testing.assert_array_equal(to_array("x", proto), array)
    assert to_array("x", proto).dtype == array.dtype


def test_bfloat16_survives_the_message() -> None:
    array = tf.constant([1.5, -2.0], tf.bfloat16).numpy()
    proto = tf.make_tensor_proto(0)
    proto.Clear()
    fill_proto(proto, array)
    np.testing.assert_array_equal(tf.make_ndarray(proto), array)


@pytest.mark.parametrize("shape", [[-1], [1 << 50], [1 << 21]])
def test_a_shape_without_its_values_is_refused(prediction: Any, shape: list[int]) -> None:
    request = predict_request(image_bytes=[b"a"])
    del request.inputs["image_bytes"].tensor_shape.dim[:]
    for size in shape:
        request.inputs["image_bytes"].tensor_shape.dim.add(size=size)
    status, details = refused(prediction.Predict, request)
    assert status == grpc.StatusCode.INVALID_ARGUMENT
    assert "does not fill its shape" in details


def test_a_taken_port_is_refused(server: ModelServer) -> None:
    port = int(server.grpc_address.rsplit(":", 1)[1])
    with (
        pytest.raises(InputError, match="cannot listen on"),
        ModelServer("lines", server.base_path, grpc_port=port, rest_port=0),
    ):
        pass
