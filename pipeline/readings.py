"""Pictures for the test examples that the Evaluator kept, for the report and the question."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import tensorflow as tf

from pipeline.run_result import Reading, ReadingPair
from schema import features


def add_pictures(pairs: Sequence[ReadingPair], examples_folder: Path) -> tuple[Reading, ...]:
    """Finds the pictures of test examples.

    Args:
      pairs: the examples as they were read.
      examples_folder: transformed examples of the test split.

    Raises:
      LookupError: an example is not there.
    """
    wanted = {pair.sample_id for pair in pairs}
    pictures: dict[str, bytes] = {}
    paths = sorted(str(path) for path in examples_folder.glob("*.gz"))
    for record in tf.data.TFRecordDataset(paths, compression_type="GZIP").as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        name = feature[features.SAMPLE_ID].bytes_list.value[0].decode()
        if name in wanted:
            pictures[name] = feature[features.IMAGE].bytes_list.value[0]
    missing = sorted(wanted - set(pictures))
    if missing:
        raise LookupError(f"expected {missing[0]} among the examples in {examples_folder}")
    return tuple(Reading(image_png=pictures[pair.sample_id], **asdict(pair)) for pair in pairs)
