import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.server.log_messages import predict_log
from serving.server.model_config import LogSettings
from serving.server.request_log import RecordFiles, RequestLog, Rotation
from serving.signatures import LOGGED_LATENCY_MS


def message(text: bytes = b"read") -> Any:
    return predict_log(
        ("lines", 7, "serving_default"),
        {"image_bytes": np.array([b"png"], object)},
        ["text"],
        {"text": np.array([text], object)},
        0.0125,
    )


def read(folder: Path) -> list[Any]:
    files = [str(path) for path in sorted(folder.glob("*.tfrecord"))]
    records = tf.data.TFRecordDataset(files).as_numpy_iterator()
    return [prediction_log_pb2.PredictionLog.FromString(record) for record in records]


def logged(settings: LogSettings, count: int, **options: Any) -> Counter:
    outcomes: Counter = Counter()
    log = RequestLog(lambda model, outcome: outcomes.update([(model, outcome)]), **options)
    for _ in range(count):
        log.offer("lines", settings, message)
    log.stop(10)
    return outcomes


def test_a_logged_request_tells_what_was_asked_and_answered(tmp_path: Path) -> None:
    outcomes = logged(LogSettings(str(tmp_path / "deep" / "lines"), 1.0), 1)
    assert outcomes == {("lines", "written"): 1}
    (log,) = read(tmp_path / "deep")
    request, response = log.predict_log.request, log.predict_log.response
    assert list(request.inputs["image_bytes"].string_val) == [b"png"]
    assert list(request.output_filter) == ["text"]
    assert list(response.outputs["text"].string_val) == [b"read"]
    assert list(response.outputs[LOGGED_LATENCY_MS].float_val) == [12.5]
    assert log.log_metadata.model_spec.version.value == 7
    assert log.log_metadata.sampling_config.sampling_rate == 1.0
    assert log.log_metadata.timestamp_secs > 1_700_000_000


def test_the_rate_says_how_many_are_kept(tmp_path: Path) -> None:
    draws = iter([0.1, 0.3, 0.24, 0.9])
    settings = LogSettings(str(tmp_path / "lines"), 0.25)
    outcomes = logged(settings, 4, draw=lambda: next(draws))
    assert outcomes == {("lines", "written"): 2}


@pytest.mark.parametrize("settings", [None, LogSettings("", 0.0)])
def test_without_a_rate_nothing_is_made(settings: LogSettings | None) -> None:
    log = RequestLog(lambda model, outcome: None)
    log.offer("lines", settings, lambda: pytest.fail("made"))
    log.stop(1)


def test_files_are_bounded_in_size_and_number(tmp_path: Path) -> None:
    files = RecordFiles(str(tmp_path / "lines"), Rotation(max_bytes=100, max_files=3))
    (tmp_path / "lines-other.txt").touch()
    for number in range(10):
        files.write(b"x" * 60 + bytes([number]))  # 77 bytes with its frame: two fill a file
    files.close()
    kept = sorted(tmp_path.glob("*.tfrecord"))
    assert len(kept) == 3
    records = tf.data.TFRecordDataset([str(path) for path in kept]).as_numpy_iterator()
    assert [record[-1] for record in records] == [4, 5, 6, 7, 8, 9]
    assert (tmp_path / "lines-other.txt").exists()


def test_what_has_no_message_costs_the_record_and_nothing_else(tmp_path: Path) -> None:
    outcomes: Counter = Counter()
    log = RequestLog(lambda model, outcome: outcomes.update([outcome]))
    settings = LogSettings(str(tmp_path / "lines"), 1.0)
    dates = {"x": np.array(["2026-01-01"], "datetime64[D]")}
    log.offer("lines", settings, lambda: predict_log(("lines", 7, ""), dates, [], {}, 0.0))
    log.offer("lines", settings, message)
    log.stop(10)
    assert outcomes == {"failed": 1, "written": 1}


class FullDisk:
    """Stands in for TensorFlow's writer: writes half a record, then the disk is full."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def write(self, record: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(record[: len(record) // 2])
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    def close(self) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")


def test_a_full_disk_costs_the_record_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = RecordFiles(str(tmp_path / "lines"), Rotation())
    files.write(message(b"before").SerializeToString())
    files._writer.close()
    files._writer = FullDisk(str(files._path))
    with pytest.raises(OSError, match="No space left"):
        files.write(message().SerializeToString())
    files.write(message(b"after").SerializeToString())
    files.close()
    texts = [log.predict_log.response.outputs["text"].string_val[0] for log in read(tmp_path)]
    assert texts == [b"before", b"after"]


def test_a_folder_that_cannot_be_made_is_counted(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcomes = logged(LogSettings(str(tmp_path / "file" / "lines"), 1.0), 2)
    assert outcomes == {("lines", "failed"): 2}


def test_a_file_on_a_device_without_space_fails_the_record(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    files = RecordFiles(str(tmp_path / "lines"), Rotation())
    files._writer = tf.io.TFRecordWriter(str(full))
    files._path = tmp_path / "lines-1.tfrecord"
    shutil.copy("/dev/null", files._path)
    with pytest.raises(OSError, match="lines-1"):
        files.write(b"x")
    assert not files._path.exists()
