import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from schema.errors import InputError
from serving.server.grpc_methods import Services
from serving.server.grpc_service import GrpcOptions, start
from serving.server.health import Health
from serving.server.model_server import ModelServer, Server, ServerOptions
from serving.server.model_service import ModelService
from serving.server.models import Models
from serving.server.status import ServableError
from serving.server.telemetry import Telemetry
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


@pytest.fixture(scope="module")
def several_channel(several: Server) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(several.grpc_address) as opened:
        yield opened


@pytest.fixture(scope="module")
def asked(several_channel: grpc.Channel) -> Any:
    return prediction_service_pb2_grpc.PredictionServiceStub(several_channel)


def fill_examples(message: Any, *values: float) -> None:
    for value in values:
        example = message.example_list.examples.add()
        example.features.feature["x"].float_list.value.append(value)


def test_classify(asked: Any) -> None:
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name = "examples"
    fill_examples(request.input, 0.25)
    response = asked.Classify(request, timeout=TIMEOUT)
    (found,) = response.result.classifications
    assert [(c.label, c.score) for c in found.classes] == [("yes", 0.25), ("no", 0.75)]
    assert response.model_spec.version.value == 1
    assert response.model_spec.signature_name == "serving_default"


def test_regress(asked: Any) -> None:
    request = regression_pb2.RegressionRequest()
    request.model_spec.name = "examples"
    request.model_spec.signature_name = "regress"
    fill_examples(request.input, 1, 2)
    response = asked.Regress(request, timeout=TIMEOUT)
    assert [found.value for found in response.result.regressions] == [2, 4]
    request.model_spec.signature_name = ""
    assert refused(asked.Regress, request)[0] == grpc.StatusCode.INVALID_ARGUMENT


def test_multi_inference(asked: Any) -> None:
    request = inference_pb2.MultiInferenceRequest()
    fill_examples(request.input, 0.25)
    for signature, method in (("regress", "regress"), ("", "classify")):
        task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
        task.model_spec.name = "examples"
        task.model_spec.signature_name = signature
    first, second = asked.MultiInference(request, timeout=TIMEOUT).results
    assert first.regression_result.regressions[0].value == 0.5
    assert first.model_spec.signature_name == "regress"
    assert second.classification_result.classifications[0].classes[0].label == "yes"
    assert second.model_spec.version.value == 1
    request.tasks[0].model_spec.name = "lines"
    assert "same model name" in refused(asked.MultiInference, request)[1]
    request.tasks[0].model_spec.name = ""
    assert "empty model name" in refused(asked.MultiInference, request)[1]
    del request.tasks[:]
    assert refused(asked.MultiInference, request)[1] == "Missing ModelSpec"


@pytest.mark.parametrize(
    ("version", "label", "expected"), [(None, "", 8), (7, "", 7), (None, "stable", 7)]
)
def test_a_version_is_asked_by_number_or_label(
    asked: Any, version: int | None, label: str, expected: int
) -> None:
    request = predict_request(image_bytes=[b"a"])
    if version is not None:
        request.model_spec.version.value = version
    if label:
        request.model_spec.version_label = label
    response = asked.Predict(request, timeout=TIMEOUT)
    assert response.model_spec.version.value == expected


def test_a_label_of_nothing(asked: Any) -> None:
    request = predict_request(image_bytes=[b"a"])
    request.model_spec.version_label = "gone"
    assert refused(asked.Predict, request) == (
        grpc.StatusCode.NOT_FOUND,
        "Servable not found for request: Specific(lines, 5)",
    )
    request.model_spec.version_label = "x"
    assert refused(asked.Predict, request)[0] == grpc.StatusCode.INVALID_ARGUMENT


def test_until_tensorflow_is_there_requests_are_unavailable() -> None:
    telemetry, services = Telemetry(), Services(None, None, Health(Models(lambda path: None)))
    options = GrpcOptions(health=True)
    server = start(services, telemetry, lambda: False, "127.0.0.1:0", options)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as opened:
        predict = opened.unary_unary("/tensorflow.serving.PredictionService/Predict")
        assert refused(predict, b"") == (
            grpc.StatusCode.UNAVAILABLE,
            "the server is starting; try again",
        )
        check = opened.unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"", timeout=TIMEOUT) == b"\x08\x01"
    server.stop(0)


def test_what_is_no_message_is_refused(several_channel: grpc.Channel) -> None:
    predict = several_channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    status, details = refused(predict, b"\xff\xff")
    assert status == grpc.StatusCode.INVALID_ARGUMENT
    assert "no PredictRequest" in details
    other = several_channel.unary_unary("/tensorflow.serving.SessionService/SessionRun")
    assert refused(other, b"")[0] == grpc.StatusCode.UNIMPLEMENTED


def test_health(several_channel: grpc.Channel) -> None:
    check = several_channel.unary_unary("/grpc.health.v1.Health/Check")
    # The field `status` has number 1; SERVING is 1.
    assert check(b"", timeout=TIMEOUT) == b"\x08\x01"
    service = b"tensorflow.serving.PredictionService"
    assert check(b"\x0a" + bytes([len(service)]) + service, timeout=TIMEOUT) == b"\x08\x01"
    assert refused(check, b"\x0a\x01x")[0] == grpc.StatusCode.NOT_FOUND


def test_health_is_offered_only_where_asked_for(channel: grpc.Channel) -> None:
    check = channel.unary_unary("/grpc.health.v1.Health/Check")
    assert refused(check, b"")[0] == grpc.StatusCode.UNIMPLEMENTED


def reload(base: Path, *names: str) -> Any:
    request = model_management_pb2.ReloadConfigRequest()
    for name in names:
        request.config.model_config_list.config.add(
            name=name, base_path=str(base), model_platform="tensorflow"
        )
    return request


def test_the_configuration_is_reloaded(base_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("serving.server.model_service.RELOAD_SECONDS", 2.0)
    with (
        ModelServer("lines", base_path, rest_port=0) as server,
        grpc.insecure_channel(server.grpc_address) as opened,
    ):
        models = model_service_pb2_grpc.ModelServiceStub(opened)
        stub = prediction_service_pb2_grpc.PredictionServiceStub(opened)
        reloaded = models.HandleReloadConfigRequest(reload(base_path, "a", "b"), timeout=TIMEOUT)
        assert reloaded.status.error_code == 0
        for name in ("a", "b"):
            stub.Predict(predict_request(name, image_bytes=[b"a"]), timeout=TIMEOUT)
        gone = predict_request("lines", image_bytes=[b"a"])
        assert refused(stub.Predict, gone)[0] == grpc.StatusCode.NOT_FOUND
        assert refused(models.HandleReloadConfigRequest, reload(base_path, "a", "a")) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "Illegal to list model a multiple times in config list",
        )
        empty = model_management_pb2.ReloadConfigRequest()
        status, details = refused(models.HandleReloadConfigRequest, empty)
        assert status == grpc.StatusCode.INVALID_ARGUMENT
        assert "Only ModelConfigList is currently supported" in details
        labelled = reload(base_path, "a")
        labelled.config.model_config_list.config[0].version_labels["new"] = 99
        status, details = refused(models.HandleReloadConfigRequest, labelled)
        assert status == grpc.StatusCode.FAILED_PRECONDITION
        nowhere = reload(base_path / "nowhere", "c")
        with pytest.raises(grpc.RpcError) as caught:
            models.HandleReloadConfigRequest(nowhere)
        assert caught.value.code() == grpc.StatusCode.UNKNOWN
        assert "Some models did not become available" in caught.value.details()


def test_a_reload_in_vain_leaves_a_second_of_the_clients_time_to_tell_it(base_path: Path) -> None:
    waited = []

    class Unavailable(Models):
        def apply(self, settings: Any) -> None:
            """Takes any."""

        def wait_until_available(self, seconds: float) -> None:
            waited.append(seconds)
            raise TimeoutError

    service = ModelService(Unavailable.__new__(Unavailable))
    with pytest.raises(ServableError, match="did not become available"):
        service.reload(reload(base_path, "c"), time.monotonic() + 30)
    assert 20 < waited[0] <= 29


def test_a_unix_socket_serves_as_well(base_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    options = ServerOptions(grpc_socket_path=path, packed_outputs=True)
    with ModelServer("lines", base_path, 0, 0, options=options) as server:
        assert server.grpc_address is None
        server.wait_until_available(20)
        with grpc.insecure_channel(f"unix:{path}") as opened:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(opened)
            response = stub.Predict(predict_request(image_bytes=[b"abc"]), timeout=TIMEOUT)
    assert response.outputs["confidence"].tensor_content == np.float32(0.3).tobytes()
    assert list(response.outputs["text"].string_val) == [b"read 3"]


def test_channel_arguments_reach_grpc(base_path: Path) -> None:
    options = ServerOptions(grpc_channel_arguments={"grpc.max_receive_message_length": 100})
    with (
        ModelServer("lines", base_path, rest_port=0, options=options) as server,
        grpc.insecure_channel(server.grpc_address) as opened,
    ):
        stub = prediction_service_pb2_grpc.PredictionServiceStub(opened)
        large = predict_request(image_bytes=[b"a" * 200])
        assert refused(stub.Predict, large)[0] == grpc.StatusCode.RESOURCE_EXHAUSTED
