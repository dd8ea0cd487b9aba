import json
import math
from pathlib import Path

from pipeline.estimate import Estimate
from pipeline.result_json import result_json
from pipeline.run_result import Baseline, MetricResult, RunResult

CER = MetricResult(
    name="cer",
    slice_name="",
    examples=10,
    units=4,
    candidate=Estimate(0.1, 0.05, math.nan),
    baseline=Estimate(0.2, 0.1, 0.3),
    change=Estimate(-0.1, -0.2, 0.0),
    bound=0.25,
    tolerance=0.005,
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
        reasons=(),
        metrics=(CER, SLICE),
        baseline=Baseline(7, "/models/7"),
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
        "units": 4,
        "bound": 0.25,
        "tolerance": 0.005,
        "baseline": {"value": 0.2, "lower": 0.1, "upper": 0.3},
        "change": {"value": -0.1, "lower": -0.2, "upper": 0.0},
        "refused": False,
    }
    assert told["confidence_level"] == 0.95
    assert told["baseline_model"] == {"model_id": 7, "uri": "/models/7", "broken": None}
    assert told["baseline"]["cer"]["value"] == 0.2
    assert told["slices"]["vocabulary: unseen"]["cer"]["examples"] == 4


def test_without_baseline_and_push_there_is_null():
    reasons = ("too many errors", "too slow")
    result = RunResult("p", "r", "d", "u", "e", False, "c", False, None, reasons)
    told = json.loads(result_json(result, None))
    assert told["pushed"] is told["baseline"] is told["served"] is None
    assert told["reason"] == "too many errors; too slow"
