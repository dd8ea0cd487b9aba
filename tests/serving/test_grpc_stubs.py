import importlib.util
import subprocess
import sys

import pytest

from serving import grpc_stubs

SCRIPT = """
import sys
from serving.grpc_stubs import load_prediction_log, load_stubs

stubs, PredictionLog = load_stubs(), load_prediction_log()
assert not [name for name in sys.modules if name.partition(".")[0] == "tensorflow"]
request = stubs.predict.PredictRequest()
request.inputs["x"].string_val.append(b"before")

import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

assert prediction_log_pb2.PredictionLog is PredictionLog
PredictionLog().predict_log.request.CopyFrom(request)
assert predict_pb2 is stubs.predict
assert type(request.inputs["x"]) is tensor_pb2.TensorProto
request.inputs["x"].CopyFrom(tf.make_tensor_proto([b"after"]))
again = predict_pb2.PredictRequest.FromString(request.SerializeToString())
assert tf.make_ndarray(again.inputs["x"]).tolist() == [b"after"]
assert int(tf.constant(1) + 1) == 2
"""


def test_tensorflow_is_whole_and_has_the_same_messages_afterwards() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_tensorflow_that_is_there_is_used() -> None:
    import tensorflow as tf

    assert sys.modules["tensorflow"] is tf
    assert isinstance(grpc_stubs.load_stubs().types.DT_STRING, int)
    assert sys.modules["tensorflow"] is tf


def test_without_tensorflow_the_message_says_what_to_install(monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match="install tensorflow"), grpc_stubs._bare_tensorflow():
        pass
