import math

import pytest

from pipeline.estimate import Estimate
from pipeline.evaluation.verdict import VERDICT_FILE, Verdict, read_verdict, write_verdict
from pipeline.run_result import Baseline, Confusion, MetricResult, ReadingPair
from schema.errors import InputError
from transforms.calibration import ReliabilityBin

VERDICT = Verdict(
    blessed=False,
    reasons=("CER is too high", "one slice collapsed"),
    confidence_level=0.9,
    metrics=(
        MetricResult(
            name="cer",
            slice_name="",
            examples=10,
            units=3,
            candidate=Estimate(0.2, 0.1, 0.3),
            baseline=Estimate(0.1, 0.05, 0.15),
            change=Estimate(0.1, 0.02, 0.2),
            bound=0.25,
            tolerance=0.005,
            refused=True,
        ),
        MetricResult("cer", "writer: w3", 4, Estimate(0.3, 0.2, 0.4)),
    ),
    baseline=Baseline(7, "/models/7", "it is gone"),
    confusions=(Confusion("a", "", 3, 1),),
    readings=(ReadingPair("test/1", "ab", "b", 0.5, 1, "ab", 0, worst=True),),
    calibration=(ReliabilityBin(10, 0.5, 0.4),),
)


def test_what_is_written_is_read(tmp_path):
    write_verdict(VERDICT, tmp_path)
    assert read_verdict(tmp_path) == VERDICT
    assert VERDICT.reason == "CER is too high; one slice collapsed"


def test_what_is_no_number_stays_none(tmp_path):
    metric = MetricResult("cer", "", 0, Estimate(math.nan, 0.0, math.inf))
    write_verdict(Verdict(False, ("nothing",), 0.95, (metric,)), tmp_path)
    [read] = read_verdict(tmp_path).metrics
    assert math.isnan(read.candidate.value)
    assert math.isnan(read.candidate.upper)
    assert read.candidate.lower == 0


@pytest.mark.parametrize("content", ["{}", '{"slices": {}, "metrics": {}, "new": 1}', "half of"])
def test_a_verdict_of_another_version_is_named(tmp_path, content):
    (tmp_path / VERDICT_FILE).write_text(content)
    with pytest.raises(InputError, match=r"expected a verdict .*verdict\.json.*judged again"):
        read_verdict(tmp_path)
