import json
from pathlib import Path

import pytest

from serving.server.access_log import STANDARD_OUTPUT, AccessLog, access_line
from serving.server.status import Code
from serving.server.telemetry import GRPC, Record


def test_a_line_tells_all_of_a_request() -> None:
    record = Record(GRPC, "Predict", "ipv4:1.2.3.4:5", model="lines", signature="s", version=7)
    record.code, record.message, record.seconds = Code.NOT_FOUND, "no\n'é'", 0.0123456
    record.bytes_in, record.bytes_out = 10, 20
    line = access_line(record, 0.25)
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "entrypoint": "GRPC",
        "api": "Predict",
        "peer": "ipv4:1.2.3.4:5",
        "model": "lines",
        "version": 7,
        "signature": "s",
        "status": "NOT_FOUND",
        "error": "no\n'é'",
        "milliseconds": 12.346,
        "bytes_in": 10,
        "bytes_out": 20,
    }


def test_lines_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    for name in ("a", "\ud800"):
        log = AccessLog(str(path))
        log(Record(GRPC, "Predict", model=name))
        log.stop(5)
    assert [json.loads(line)["model"] for line in path.read_text().splitlines()] == ["a", "?"]


def test_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    log = AccessLog(STANDARD_OUTPUT)
    log(Record(GRPC, "Predict", model="a"))
    log.stop(5)
    assert json.loads(capfd.readouterr().out)["model"] == "a"
