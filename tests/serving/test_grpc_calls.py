import numpy as np
import pytest

from serving.grpc_calls import CallError, ModelStatus, predict, read_status
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
