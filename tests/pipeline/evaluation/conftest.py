"""Runs a TFMA metric over pairs of truth and prediction, each as a bundle of its own."""

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types


@pytest.fixture
def measure():
    def run(metric, truths, predictions):
        [computation] = metric.computations(model_names=[""])
        combiner = computation.combiner
        parts = []
        for truth, prediction in zip(truths, predictions, strict=True):
            element = metric_types.StandardMetricInputs(
                {
                    tfma.LABELS_KEY: np.array([truth.encode()]),
                    tfma.PREDICTIONS_KEY: np.array([prediction.encode()]),
                }
            )
            parts.append(combiner.add_input(combiner.create_accumulator(), element))
        metrics = combiner.extract_output(combiner.merge_accumulators(parts))
        return {key.name: value for key, value in metrics.items()}

    return run
