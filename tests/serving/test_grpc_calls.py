import numpy as np
import pytest

from serving.grpc_calls import (
    CallError,
    ModelStatus,
    _to_array,
    predict,
    read_outputs,
    read_status,
)
from serving.server.model_server import ModelServer

NOBODY = "127.0.0.1:9"


def test_every_output_comes_unless_some_are_chosen(server: ModelServer) -> None:
    inputs = {"image_bytes": [b"a", b"bcd"]}
    answer = predict(server.grpc_address, "lines", "serving_default", inputs, 10)
    assert answer["text"].tolist() == [b"read 1", b"read 3"]
    np.testing.assert_allclose(answer["confidence"], [0.1, 0.3], rtol=1e-6)
    chosen = predict(server.grpc_address, "lines", "serving_default", inputs, 10, ["text"])
    assert list(chosen) == ["text"]


def test_any_signature_can_be_called(server: ModelServer) -> None:
    answer = predict(server.grpc_address, "lines", "echo", {"raw": [b"x"]}, 10)
    assert answer["raw_bytes"].tolist() == [b"x"]


def test_an_empty_batch_is_sent_as_one(server: ModelServer) -> None:
    answer = predict(server.grpc_address, "lines", "echo", {"raw": []}, 10)
    assert answer["raw_bytes"].shape == (0,)


def test_a_refusal_has_its_code(server: ModelServer) -> None:
    with pytest.raises(CallError, match='FAILED_PRECONDITION Serving signature key "no" not found'):
        predict(server.grpc_address, "lines", "no", {}, 10)


def test_a_loaded_model_is_available(server: ModelServer) -> None:
    assert read_status(server.grpc_address, "lines", 10) == ModelStatus("AVAILABLE", "")


def test_an_unknown_model_and_an_absent_server_are_told(server: ModelServer) -> None:
    with pytest.raises(CallError, match="NOT_FOUND Could not find any versions of model other"):
        read_status(server.grpc_address, "other", 10)
    with pytest.raises(CallError, match="UNAVAILABLE"):
        read_status(NOBODY, "lines", 10)


def test_the_outputs_of_a_signature_are_told(server: ModelServer) -> None:
    told = read_outputs(server.grpc_address, "lines", "serving_default", 10)
    assert told == {"text", "confidence"}
    assert read_outputs(server.grpc_address, "lines", "no", 10) == frozenset()


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, -2.0]], np.float32),
        np.array([[7], [8]], np.int32),
        np.array([2**40], np.int64),
        np.array([True, False]),
        np.array([[b"a", b"\xff"]], object),
        np.full([2, 3], 5, np.int32),
        np.zeros([0, 4], np.float32),
        np.array(3.5),
    ],
)
def test_tensors_are_what_tensorflow_makes_of_them(array: np.ndarray) -> None:
    import tensorflow as tf

    proto = tf.make_tensor_proto(array)
    for each in (proto, type(proto).FromString(proto.SerializeToString())):
        np.testing.assert_array_equal(_to_array("y", each), array)
        assert _to_array("y", each).dtype == array.dtype


def test_values_after_the_last_are_repeats_of_it() -> None:
    import tensorflow as tf

    proto = tf.make_tensor_proto(np.array([1.0, 2.0], np.float32))
    packed = type(proto)(dtype=proto.dtype, float_val=[1.0, 2.0])
    packed.tensor_shape.dim.add(size=4)
    assert _to_array("y", packed).tolist() == [1, 2, 2, 2]


def test_a_tensor_of_another_kind_is_named() -> None:
    import tensorflow as tf

    with pytest.raises(
        CallError, match="UNIMPLEMENTED output 'y' is a tensor of type DT_COMPLEX64"
    ):
        _to_array("y", tf.make_tensor_proto(np.array([1j], np.complex64)))
