from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.export import write_warmup_requests
from serving.model_folder import WARMUP_FILE
from serving.server.servable import Servable
from serving.server.status import Code, ServableError
from serving.server.warmup import MAX_RECORDS, warm_up


class Recorder:
    """Stands in for a servable and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def predict(self, signature: str, inputs: dict[str, np.ndarray], output_filter: Any) -> Any:
        self.asked.append((signature, {k: v.tolist() for k, v in inputs.items()}))


@pytest.fixture
def version(tmp_path: Path) -> Path:
    (tmp_path / "assets.extra").mkdir()
    return tmp_path


def write(version: Path, *logs: Any) -> None:
    with tf.io.TFRecordWriter(str(version / "assets.extra" / WARMUP_FILE)) as writer:
        for log in logs:
            writer.write(log if isinstance(log, bytes) else log.SerializeToString())


def test_each_request_is_replayed(version: Path) -> None:
    write_warmup_requests(version / "assets.extra" / WARMUP_FILE, [b"a", b"b"])
    servable = Recorder()
    assert warm_up(servable, version) == 2
    assert servable.asked == [
        ("serving_default", {"image_bytes": [b"a"]}),
        ("serving_default", {"image_bytes": [b"b"]}),
    ]
    warm_up(servable, version, iterations=3)
    assert len(servable.asked) == 2 + 6


def test_without_a_file_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert warm_up(Recorder(), tmp_path) == 0


def test_every_kind_of_request_warms_up(version: Path, examples_model: Path) -> None:
    logs = [prediction_log_pb2.PredictionLog() for _ in range(3)]
    for log, kind in zip(logs, ("classify_log", "regress_log", "multi_inference_log"), strict=True):
        request = getattr(log, kind).request
        example = request.input.example_list.examples.add()
        example.features.feature["x"].float_list.value.append(1)
    logs[1].regress_log.request.model_spec.signature_name = "regress"
    task = logs[2].multi_inference_log.request.tasks.add()
    task.method_name = "tensorflow/serving/classify"
    write(version, *logs)
    servable = Servable(examples_model)
    assert warm_up(servable, version) == 3
    servable.close()


def test_a_request_that_fails_fails_the_load(version: Path, saved_model: Path) -> None:
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.model_spec.signature_name = "s"
    write(version, log)
    servable = Servable(saved_model)
    with pytest.raises(ServableError, match="not found"):
        warm_up(servable, version)
    servable.close()


@pytest.mark.parametrize(
    ("log", "code", "message"),
    [
        (b"\xff\xff", Code.INVALID_ARGUMENT, "Failed to parse warmup record"),
        (prediction_log_pb2.PredictionLog(), Code.UNIMPLEMENTED, "Unsupported log_type"),
    ],
)
def test_records_of_another_kind(version: Path, log: Any, code: Code, message: str) -> None:
    write(version, log)
    with pytest.raises(ServableError) as caught:
        warm_up(Recorder(), version)
    assert caught.value.code == code
    assert message in caught.value.message


def test_a_damaged_file(version: Path) -> None:
    (version / "assets.extra" / WARMUP_FILE).write_bytes(b"no records at all, but long enough")
    with pytest.raises(ServableError, match="verify your warmup data is in TFRecord format"):
        warm_up(Recorder(), version)


def test_too_many_records(version: Path) -> None:
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.model_spec.signature_name = "s"
    write(version, *[log.SerializeToString()] * (MAX_RECORDS + 1))
    with pytest.raises(ServableError, match="exceeds the maximum"):
        warm_up(Recorder(), version)
