import threading
from collections import Counter

import pytest

from serving.server.background_writer import BackgroundWriter


def test_what_does_not_fit_is_dropped_at_once() -> None:
    gate, outcomes, written = threading.Event(), Counter(), []

    def write(record: int) -> None:
        gate.wait(10)
        written.append(record)

    writer = BackgroundWriter(write, lambda record, outcome: outcomes.update([outcome]), capacity=2)
    for number in range(10):
        writer.put(number)
    gate.set()
    writer.stop(5)
    assert outcomes["written"] == len(written)
    assert outcomes["written"] + outcomes["dropped"] == 10
    assert outcomes["dropped"] >= 7, "one is being written and two wait"


def test_a_failure_is_told_once_and_the_next_record_is_tried(
    caplog: pytest.LogCaptureFixture,
) -> None:
    written, outcomes = [], []

    def write(record: int) -> None:
        if record < 3:
            raise OSError("no space left on device")
        written.append(record)

    writer = BackgroundWriter(write, lambda record, outcome: outcomes.append(outcome), name="a log")
    for number in range(5):
        writer.put(number)
    writer.stop(5)
    assert written == [3, 4]
    assert outcomes == ["failed"] * 3 + ["written"] * 2
    assert [r.message for r in caplog.records] == [
        "a log: cannot write: OSError: no space left on device"
    ]


def test_a_stuck_writer_does_not_hold_the_stop() -> None:
    gate = threading.Event()
    writer = BackgroundWriter(lambda record: gate.wait(20), capacity=1)
    for number in range(3):
        writer.put(number)
    writer.stop(0.05)
    gate.set()
