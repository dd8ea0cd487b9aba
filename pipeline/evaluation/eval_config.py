"""What the Evaluator measures and what it lets pass, as TFMA's configuration."""

import json

import tensorflow_model_analysis as tfma

from pipeline.gate import Bound, Gate
from pipeline.tasks import Task
from serving.signatures import SERVING_EXAMPLES


def make_eval_config(task: Task, gate: Gate, version: str) -> tfma.EvalConfig:
    """Builds the configuration.

    Args:
      task: what is measured, on what.
      gate: bounds and tolerances.
      version: a hash of the metric's code; another one makes the cached evaluation stale.
    """
    module, class_name = task.metric
    metric = tfma.MetricConfig(
        class_name=class_name,
        module=module,
        config=json.dumps({"level": gate.confidence_level, "version": version}),
    )
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                signature_name=SERVING_EXAMPLES,
                label_key=task.label,
                prediction_key=task.prediction,
            )
        ],
        slicing_specs=[
            tfma.SlicingSpec(),
            *(tfma.SlicingSpec(feature_keys=[key]) for key in task.slices),
        ],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[metric],
                per_slice_thresholds={
                    name: _thresholds(bound) for name, bound in gate.bounds().items()
                },
            )
        ],
    )


def _thresholds(bound: Bound) -> tfma.PerSliceMetricThresholds:
    """Returns those of all examples together: a threshold without slices holds for each slice."""
    if bound.lower_is_better:
        value = tfma.GenericValueThreshold(upper_bound={"value": bound.limit})
        direction = tfma.MetricDirection.LOWER_IS_BETTER
        change = bound.tolerance
    else:
        value = tfma.GenericValueThreshold(lower_bound={"value": bound.limit})
        direction = tfma.MetricDirection.HIGHER_IS_BETTER
        change = -bound.tolerance
    threshold = tfma.MetricThreshold(
        value_threshold=value,
        change_threshold=tfma.GenericChangeThreshold(
            direction=direction, absolute={"value": change}
        ),
    )
    return tfma.PerSliceMetricThresholds(
        thresholds=[
            tfma.PerSliceMetricThreshold(slicing_specs=[tfma.SlicingSpec()], threshold=threshold)
        ]
    )
