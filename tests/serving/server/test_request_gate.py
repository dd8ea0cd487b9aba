import threading
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.server.model_server import ModelServer, ServerOptions
from serving.server.request_gate import Gate
from serving.server.servable import Servable
from serving.server.status import Code, ServableError


def test_a_closed_gate_refuses_and_waits_for_who_is_inside() -> None:
    gate, leave = Gate(), threading.Event()
    entered = threading.Event()

    def visit() -> None:
        with gate:
            entered.set()
            leave.wait(10)

    visitor = threading.Thread(target=visit)
    visitor.start()
    assert entered.wait(10)
    gate.close()
    with pytest.raises(ServableError) as caught, gate:
        pass
    assert caught.value.code == Code.UNAVAILABLE
    started = time.monotonic()
    gate.wait_until_empty(0.1)
    assert time.monotonic() - started >= 0.1
    leave.set()
    gate.wait_until_empty(10)
    visitor.join(10)
    assert time.monotonic() - started < 9


def test_who_is_held_hears_the_refusal_afterwards() -> None:
    gate = Gate()
    gate.close()
    gate.hold()
    heard = threading.Event()

    def visit() -> None:
        with pytest.raises(ServableError), gate:
            pass
        heard.set()

    visitor = threading.Thread(target=visit)
    visitor.start()
    assert not heard.wait(0.1)
    gate.let_go()
    assert heard.wait(3)
    visitor.join()


def test_what_fails_inside_has_left() -> None:
    gate = Gate()
    with pytest.raises(ZeroDivisionError), gate:
        raise ZeroDivisionError
    started = time.monotonic()
    gate.wait_until_empty(10)
    assert time.monotonic() - started < 5


def test_a_stop_answers_what_is_in_flight_and_refuses_the_rest_by_name(
    base_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, asked, original = threading.Event(), threading.Event(), Servable.run

    def hold(self: Servable, call: Any) -> Any:
        asked.set()
        released.wait(20)
        return original(self, call)

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "lines"
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([b"abc"]))
    server = ModelServer("lines", base_path, rest_port=0, options=ServerOptions(grace_seconds=20))
    with server, grpc.insecure_channel(server.grpc_address) as channel:
        server.wait_until_available(20)
        monkeypatch.setattr(Servable, "run", hold)
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        in_flight = stub.Predict.future(request, timeout=20)
        assert asked.wait(10)
        ending = threading.Thread(target=server.__exit__, args=(None, None, None))
        ending.start()
        # On a connection that is open, and on one that is opened now.
        assert refusal(channel) == "the server is stopping; ask another"
        with grpc.insecure_channel(server.grpc_address) as late:
            assert refusal(late) == "the server is stopping; ask another"
        released.set()
        assert in_flight.result().outputs["text"].string_val[0] == b"read 3"
        ending.join(20)
        assert not ending.is_alive()


def refusal(channel: grpc.Channel) -> str:
    """Ask for the status until that is refused."""
    models = model_service_pb2_grpc.ModelServiceStub(channel)
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "lines"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answer = models.GetModelStatus.future(request, timeout=5)
        if answer.code() != grpc.StatusCode.OK:
            assert answer.code() == grpc.StatusCode.UNAVAILABLE
            return str(answer.details())
    pytest.fail("nothing was refused")
