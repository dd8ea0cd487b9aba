"""What the Evaluator measures and what it lets pass, as TFMA's configuration."""

import json

import tensorflow_model_analysis as tfma

from pipeline.config import GateOptions
from pipeline.evaluation.error_rates import CER, WER, ErrorRates
from schema import features
from serving.signatures import SERVING_EXAMPLES, TEXT


def make_eval_config(gate: GateOptions, version: str) -> tfma.EvalConfig:
    """Builds the configuration.

    Args:
      gate: bounds and tolerances.
      version: a hash of the metric's code; another one makes the cached evaluation stale.
    """
    rates = tfma.MetricConfig(
        class_name=ErrorRates.__name__,
        module=ErrorRates.__module__,
        config=json.dumps({"level": gate.confidence_level, "version": version}),
    )
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                signature_name=SERVING_EXAMPLES, label_key=features.TEXT, prediction_key=TEXT
            )
        ],
        slicing_specs=[
            tfma.SlicingSpec(),
            tfma.SlicingSpec(feature_keys=[features.VOCABULARY]),
        ],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[rates],
                per_slice_thresholds={
                    CER: _threshold(gate.max_cer, gate.cer_tolerance),
                    WER: _threshold(gate.max_wer, gate.wer_tolerance),
                },
            )
        ],
    )


def _threshold(bound: float, tolerance: float) -> tfma.PerSliceMetricThresholds:
    """Returns the bounds on all lines together: a threshold without slices holds for each slice."""
    threshold = tfma.MetricThreshold(
        value_threshold=tfma.GenericValueThreshold(upper_bound={"value": bound}),
        change_threshold=tfma.GenericChangeThreshold(
            direction=tfma.MetricDirection.LOWER_IS_BETTER, absolute={"value": tolerance}
        ),
    )
    return tfma.PerSliceMetricThresholds(
        thresholds=[
            tfma.PerSliceMetricThreshold(slicing_specs=[tfma.SlicingSpec()], threshold=threshold)
        ]
    )
