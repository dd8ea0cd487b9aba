"""The test split as the new model reads it, for the report and the question to the server."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from pipeline.run_result import Reading
from schema import features
from serving.signatures import CONFIDENCE, IMAGE_BYTES, SERVING_DEFAULT
from transforms.edit_distance import count_edits

EXAMPLES_READ = 200
WORST_SHOWN = 12
RANDOM_SHOWN = 12
_BATCH = 50


def read_test_examples(
    model_folder: Path, examples_folder: Path, output: str, seed: int
) -> list[Reading]:
    """Reads a random sample of the test split through the exported model's own signature.

    Args:
      model_folder: the SavedModel.
      examples_folder: transformed examples of the test split.
      output: the model's output that holds what it reads.
      seed: chooses the sample.
    """
    lines = list(_load_lines(examples_folder))
    chosen = np.random.default_rng(seed).permutation(len(lines))[:EXAMPLES_READ]
    model = tf.saved_model.load(str(model_folder))
    read = model.signatures[SERVING_DEFAULT]
    readings = []
    for start in range(0, len(chosen), _BATCH):
        batch = [lines[number] for number in chosen[start : start + _BATCH]]
        outputs = read(**{IMAGE_BYTES: tf.constant([image for _, _, image in batch])})
        texts, confidences = outputs[output].numpy(), outputs[CONFIDENCE].numpy()
        for (name, truth, image), text, confidence in zip(batch, texts, confidences, strict=True):
            reading = text.decode()
            edits = count_edits(truth, reading).character_edits
            readings.append(Reading(name, image, truth, reading, float(confidence), edits))
    return readings


def choose_shown(readings: list[Reading]) -> tuple[Reading, ...]:
    """Returns random examples first, then the worst of the others, by share of wrong characters."""
    shown, others = readings[:RANDOM_SHOWN], readings[RANDOM_SHOWN:]
    others = sorted(others, key=lambda line: -line.edits / max(len(line.truth), 1))
    return (*shown, *others[:WORST_SHOWN])


def _load_lines(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    paths = sorted(str(path) for path in folder.glob("*.gz"))
    records = tf.data.TFRecordDataset(paths, compression_type="GZIP")
    for record in records.as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        yield (
            feature[features.SAMPLE_ID].bytes_list.value[0].decode(),
            feature[features.TEXT].bytes_list.value[0].decode(),
            feature[features.IMAGE].bytes_list.value[0],
        )
