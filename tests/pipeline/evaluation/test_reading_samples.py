import json

import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2

from pipeline.evaluation.reading_samples import (
    RANDOM_SHOWN,
    READINGS,
    WORST_SHOWN,
    ReadingSamples,
)
from schema import features
from serving.signatures import CONFIDENCE, TEXT

CONFIG = config_pb2.EvalConfig(
    model_specs=[config_pb2.ModelSpec(label_key=TEXT, prediction_key=TEXT)]
)


def keep(readings):
    """Returns what is kept of (truth, reading, confidence), named by their places."""
    [computation] = ReadingSamples().computations(eval_config=CONFIG, model_names=[""])
    [looker], combiner = computation.preprocessors, computation.combiner
    gathered = combiner.create_accumulator()
    for number, (truth, reading, confidence) in enumerate(readings):
        extracts = {
            tfma.LABELS_KEY: np.array([truth.encode()]),
            tfma.PREDICTIONS_KEY: {
                TEXT: np.array([reading.encode()]),
                CONFIDENCE: np.array([confidence]),
            },
            tfma.FEATURES_KEY: {features.SAMPLE_ID: np.array([f"test/{number}".encode()])},
        }
        [pairs] = looker.process(extracts)
        gathered = combiner.add_input(gathered, pairs)
    values = {key.name: value for key, value in combiner.extract_output(gathered).items()}
    return json.loads(values[READINGS])


def test_of_equally_bad_readings_the_surest_are_kept():
    # 100 letters taken for others, more surely one after another, and one line half wrong.
    readings = [("z", "2", number / 200) for number in range(100)]
    kept = keep([*readings, ("ab", "ax", 0.9)])
    assert len(kept) == RANDOM_SHOWN + WORST_SHOWN
    random, worst = kept[:RANDOM_SHOWN], kept[RANDOM_SHOWN:]
    assert not any(each["worst"] for each in random)
    assert all(each["worst"] for each in worst)
    confidences = [each["confidence"] for each in worst]
    assert confidences == sorted(confidences, reverse=True)
    # What is not among the random ones and surer than any that was kept does not exist.
    shown = {each["sample_id"] for each in kept}
    left_out = [number for number in range(100) if f"test/{number}" not in shown]
    assert max(left_out) / 200 < min(confidences)


def test_a_larger_share_of_wrong_characters_is_worse_than_more_of_them():
    worse, better = ("ab", "xy", 0.1), ("a" * 40, "x" * 10 + "a" * 30, 0.9)
    worst = [each["truth"] for each in keep([better, worse] * 40) if each["worst"]]
    assert worst == ["ab"] * WORST_SHOWN
