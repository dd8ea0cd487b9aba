"""What the gate leaves beside an evaluation."""

import math

import pytest

from pipeline.estimate import Estimate
from pipeline.evaluation.verdict import Verdict
from pipeline.run_result import Baseline, MetricResult

UNKNOWN = Estimate(math.nan, math.nan, math.nan)


def estimate(value):
    return Estimate(value, value - 0.01, value + 0.01)


@pytest.fixture
def verdict():
    """A refused line model beside its baseline; the WER could not be measured."""
    cer = {
        "baseline": estimate(0.06),
        "change": estimate(0.03),
        "bound": 0.25,
        "tolerance": 0.005,
    }
    return Verdict(
        blessed=False,
        reasons=("CER 9.00% is more than 0.50% above the 6.00% of the model that serves",),
        confidence_level=0.95,
        metrics=(
            MetricResult("cer", "", 1500, estimate(0.09), **cer),
            MetricResult("wer", "", 1500, UNKNOWN),
            MetricResult("cer", "vocabulary: unseen", 300, estimate(0.12)),
        ),
        baseline=Baseline(3, "/somewhere"),
    )
