"""What the Evaluator measures and what it lets pass, as TFMA's configuration."""

import json
from collections.abc import Iterator

from tensorflow_model_analysis.proto import config_pb2

from pipeline.gate import CHANGE, LOWER, UPPER, Bound, Gate, is_lower_better
from pipeline.tasks import Task
from serving.signatures import SERVING_EXAMPLES

_ALL = (config_pb2.SlicingSpec(),)


def make_eval_config(task: Task, gate: Gate, version: str) -> config_pb2.EvalConfig:
    """Builds the configuration.

    Args:
      task: what is measured, on what.
      gate: bounds and tolerances.
      version: a hash of the metrics' code; another one makes the cached evaluation stale.
    """
    options = {
        "level": gate.confidence_level,
        "resamples": gate.resamples,
        "version": version,
    }
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                signature_name=SERVING_EXAMPLES,
                label_key=task.label,
                prediction_key=task.prediction,
            )
        ],
        slicing_specs=[*_ALL, *_feature_slices(task)],
        metrics_specs=[
            config_pb2.MetricsSpec(
                metrics=[
                    config_pb2.MetricConfig(
                        class_name=class_name, module=module, config=json.dumps(options)
                    )
                    for module, class_name in task.metrics
                ],
                per_slice_thresholds=_thresholds(task, gate),
            )
        ],
    )


def _feature_slices(task: Task) -> tuple[config_pb2.SlicingSpec, ...]:
    return tuple(config_pb2.SlicingSpec(feature_keys=[key]) for key in task.slices)


def _thresholds(task: Task, gate: Gate) -> dict[str, config_pb2.PerSliceMetricThresholds]:
    found: dict[str, list[config_pb2.PerSliceMetricThreshold]] = {}
    for metric, bound in gate.bounds().items():
        for name, slices, threshold in _hold(metric, bound, _feature_slices(task)):
            found.setdefault(name, []).append(
                config_pb2.PerSliceMetricThreshold(slicing_specs=slices, threshold=threshold)
            )
    for limit in gate.slice_limits:
        alone = config_pb2.SlicingSpec(feature_values={limit.feature: limit.value})
        found[gate.decisive].append(
            config_pb2.PerSliceMetricThreshold(
                slicing_specs=[alone], threshold=_hold_value(gate.decisive, limit.limit)
            )
        )
    return {
        name: config_pb2.PerSliceMetricThresholds(thresholds=thresholds)
        for name, thresholds in found.items()
    }


def _hold(
    metric: str, bound: Bound, slices: tuple[config_pb2.SlicingSpec, ...]
) -> Iterator[tuple[str, tuple[config_pb2.SlicingSpec, ...], config_pb2.MetricThreshold]]:
    """Yields the name that TFMA has a figure under, where it is held, and what it is held to."""
    # The end of an interval that speaks for the model, and the one that speaks against it.
    kind, harsh = (LOWER, UPPER) if is_lower_better(metric) else (UPPER, LOWER)
    yield metric, _ALL, _hold_value(metric, bound.limit)
    yield metric, _ALL, _hold_change(metric, bound.tolerance)
    if bound.decisive:
        yield metric + CHANGE + harsh, _ALL, _hold_change(metric, bound.tolerance)
    if slices and bound.slice_limit is not None:
        yield metric + kind, slices, _hold_value(metric, bound.slice_limit)
    if slices and bound.slice_tolerance is not None:
        yield metric + CHANGE + kind, slices, _hold_change(metric, bound.slice_tolerance)


def _hold_value(metric: str, limit: float) -> config_pb2.MetricThreshold:
    if is_lower_better(metric):
        bounds = config_pb2.GenericValueThreshold(upper_bound={"value": limit})
    else:
        bounds = config_pb2.GenericValueThreshold(lower_bound={"value": limit})
    return config_pb2.MetricThreshold(value_threshold=bounds)


def _hold_change(metric: str, tolerance: float) -> config_pb2.MetricThreshold:
    if is_lower_better(metric):
        direction, change = config_pb2.MetricDirection.LOWER_IS_BETTER, tolerance
    else:
        direction, change = config_pb2.MetricDirection.HIGHER_IS_BETTER, -tolerance
    return config_pb2.MetricThreshold(
        change_threshold=config_pb2.GenericChangeThreshold(
            direction=direction, absolute={"value": change}
        )
    )
