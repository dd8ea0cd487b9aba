import pytest

from pipeline.estimate import Estimate
from pipeline.leaderboard.entry import Entry
from trainer_module.history import Epoch


@pytest.fixture
def entry():
    def make(name, error=None, latency=None, size=None, **fields):
        test = None if error is None else Estimate(error, error * 0.9, error * 1.1)
        usual = {
            "kind": "model",
            "task": "lines",
            "dataset": "labeled",
            "network": "lstm_ctc",
            "error_name": "CER",
            "curve": (Epoch(1, 9.0, 8.0, 0.3, 2.0, 0.1), Epoch(2, 5.0, 4.0, 0.1, 2.0, 0.1)),
        }
        figures = {"test_error": test, "latency_ms": latency, "model_bytes": size}
        return Entry(name=name, **(usual | figures | fields))

    return make
