"""Measured metrics for the tests of the report, each a short call."""

from pipeline.estimate import Estimate
from pipeline.run_result import MetricResult


def metric(change=None, name="cer", slice_name="", value=(0.2, 0.1, 0.3), **others):
    """Returns a result; `change` and `value` are triples of value, lower and upper end."""
    return MetricResult(
        name=name,
        slice_name=slice_name,
        **{"examples": 100, "units": 100, "tolerance": 0.02} | others,
        candidate=Estimate(*value),
        baseline=Estimate(*value) if change else None,
        change=Estimate(*change) if change else None,
    )
