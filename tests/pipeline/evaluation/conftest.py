"""Runs a TFMA metric over pairs of truth and prediction, each as a bundle of its own."""

import numpy as np
import pytest
import tensorflow_model_analysis as tfma

from schema import features


@pytest.fixture
def measure():
    """Takes labels and predictions as TFMA has them; strings may be given as such."""

    def run(metric, labels, predictions):
        [computation] = metric.computations(model_names=[""])
        [counter], combiner = computation.preprocessors, computation.combiner
        parts = []
        for number, (label, prediction) in enumerate(zip(labels, predictions, strict=True)):
            name = np.array([f"test/{number}".encode()])
            extracts = {
                tfma.LABELS_KEY: _as_array(label),
                tfma.PREDICTIONS_KEY: _as_array(prediction),
                tfma.FEATURES_KEY: {features.CLUSTER: name, features.SAMPLE_ID: name},
            }
            [counted] = counter.process(extracts)
            parts.append(combiner.add_input(combiner.create_accumulator(), counted))
        metrics = combiner.extract_output(combiner.merge_accumulators(parts))
        return {key.name: value for key, value in metrics.items()}

    return run


def _as_array(value):
    if isinstance(value, str):
        return np.array([value.encode()])
    return np.array([value], object) if isinstance(value, bytes) else value
