import json
import math
from pathlib import Path

from pipeline.result_json import result_json
from pipeline.run_result import Estimate, MetricResult, RunResult

CER = MetricResult(
    "cer", "", 10, Estimate(0.1, 0.05, math.nan), Estimate(0.2, 0.1, 0.3), 0.25, 0.005
)
SLICE = MetricResult("cer", "vocabulary: unseen", 4, Estimate(0.3, 0.2, 0.4))


def test_one_line_with_bounds_baseline_and_slices():
    result = RunResult(
        pipeline="sample-lines",
        run_id="now",
        dataset="sample",
        unit="lines",
        error_name="CER",
        synthetic=True,
        command="python local_runner.py",
        blessed=True,
        pushed=Path("/models/1"),
        reason=None,
        metrics=(CER, SLICE),
    )
    text = result_json(result, Path("/report.html"))
    assert "\n" not in text
    told = json.loads(text)
    assert told["pushed"] == "/models/1"
    assert told["metrics"]["cer"] == {
        "value": 0.1,
        "lower": 0.05,
        "upper": None,
        "examples": 10,
        "bound": 0.25,
        "tolerance": 0.005,
    }
    assert told["baseline"]["cer"]["value"] == 0.2
    assert told["slices"]["vocabulary: unseen"]["cer"]["examples"] == 4


def test_without_baseline_and_push_there_is_null():
    result = RunResult("p", "r", "d", "u", "e", False, "c", False, None, "too many errors")
    told = json.loads(result_json(result, None))
    assert told["pushed"] is told["baseline"] is told["served"] is None
    assert told["reason"] == "too many errors"
