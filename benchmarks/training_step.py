"""Profiles one training step of a line network and prints its parts as JSON.

    python3 -m benchmarks.training_step --data-dir FOLDER

Three trainings through Keras' own `fit` on the same lines, in rounds one after the other:
`network` on batches in memory and with the mean of the logits in place of the loss, `loss` with
the CTC loss, `input` with the batches of the real input pipeline as well. The step of the last
is what a training costs; what the other two leave of it is what loss and input pipeline add.
"""

import argparse
import dataclasses
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from benchmarks.main_job import describe_commit, describe_machine
from pipeline.ingest.line_example_gen import line_example
from pipeline.ingest.lines import LineOptions, plan_splits, read_folder
from schema import features
from schema.alphabet import LATIN
from schema.splits import TRAIN
from trainer_module.fresh_lines import make_dealer
from trainer_module.hyperparameters import LstmCtcHyperparameters
from trainer_module.input_pipeline import Batching, index_lines, training_batches
from trainer_module.loss import CtcLoss
from trainer_module.networks.lstm_ctc import WIDTH, LstmCtc
from transforms.preprocessing import SYNTHESIS_CONFIG, preprocessing_fn
from transforms.synthesis_options import SynthesisOptions

STEPS = 24
ROUNDS = 5
LINES = 2048
SEED = 0


def transformed_lines(data_dir: Path, lines: int) -> Iterator[bytes]:
    """Yields the examples that the pipeline's ingestion and Transform make of EMNIST glyphs."""
    options = LineOptions(train_lines=lines, validation_lines=1, test_lines=1)
    glyphs = read_folder(data_dir).train
    config = {SYNTHESIS_CONFIG: dataclasses.asdict(SynthesisOptions())}
    transform = tf.function(lambda inputs: preprocessing_fn(inputs, config))
    for line in plan_splits(data_dir, options)[TRAIN]:
        example = line_example(line, glyphs, "emnist")
        inputs = {
            key: tf.constant([_values(feature)])
            for key, feature in example.features.feature.items()
        }
        made = transform(inputs)
        values = example.features.feature
        values[features.IMAGE].bytes_list.value[:] = [made[features.IMAGE][0, 0].numpy()]
        values[features.LINE_WIDTH].int64_list.value[:] = [int(made[features.LINE_WIDTH][0, 0])]
        yield example.SerializeToString()


def _values(feature: tf.train.Feature) -> list[Any]:
    return list(getattr(feature, feature.WhichOneof("kind")).value)


def mean_of_logits(_: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Stands for a loss that costs nothing."""
    return tf.reduce_mean(logits, axis=[1, 2])


def make_timer(
    hyperparameters: LstmCtcHyperparameters, loss: Any, batches: tf.data.Dataset
) -> Callable[[], float]:
    """Compiles and warms up a training; the timer returns seconds a step."""
    model = LstmCtc(hyperparameters, LATIN.num_classes)
    optimizer = keras.optimizers.Adam(1e-4, global_clipnorm=hyperparameters.clip_norm)
    model.compile(optimizer, loss, jit_compile=False)
    endless = batches.repeat()
    model.fit(endless, steps_per_epoch=STEPS // 4, verbose=0)

    def time_step() -> float:
        started = time.monotonic()
        model.fit(endless, steps_per_epoch=STEPS, verbose=0)
        return (time.monotonic() - started) / STEPS

    return time_step


def lines_a_second(batches: tf.data.Dataset, batch_size: int) -> float:
    """Returns how fast the input pipeline is by itself."""
    iterator = iter(batches.repeat())
    next(iterator)
    started = time.monotonic()
    for _ in range(2 * STEPS):
        next(iterator)
    return 2 * STEPS * batch_size / (time.monotonic() - started)


def measure(files: list[str], hyperparameters: LstmCtcHyperparameters) -> dict[str, Any]:
    """Times the three trainings."""
    batching = Batching(LATIN, hyperparameters.stride, hyperparameters.batch_size)
    dealer = None
    if hyperparameters.fresh_lines:
        dealer = make_dealer(files, LATIN, SynthesisOptions())
    steps = index_lines(files).batches(hyperparameters.batch_size)
    real = training_batches(files, batching, SEED, range(1), steps, dealer)
    in_memory = real.take(STEPS).cache()
    widths = [float(tf.reduce_mean(inputs[WIDTH])) for inputs, _ in in_memory]
    timers = {
        "network": make_timer(hyperparameters, mean_of_logits, in_memory),
        "loss": make_timer(hyperparameters, CtcLoss(), in_memory),
        "input": make_timer(hyperparameters, CtcLoss(), real),
    }
    rounds = [{part: timer() for part, timer in timers.items()} for _ in range(ROUNDS)]
    seconds = {part: statistics.median(each[part] for each in rounds) for part in timers}
    step = seconds["input"]
    return {
        "mean_width": round(statistics.mean(widths)),
        "milliseconds_a_step": {part: round(1000 * value, 1) for part, value in seconds.items()},
        "lines_a_second": {
            "training": round(hyperparameters.batch_size / step, 1),
            "input_pipeline_alone": round(lines_a_second(real, hyperparameters.batch_size), 1),
        },
        "share_of_the_step": {
            "network": round(seconds["network"] / step, 3),
            "loss": round((seconds["loss"] - seconds["network"]) / step, 3),
            "input": round((step - seconds["loss"]) / step, 3),
        },
        "rounds": rounds,
    }


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="EMNIST's IDX files")
    parser.add_argument("--no-fresh-lines", dest="fresh_lines", action="store_false")
    arguments = parser.parse_args()
    hyperparameters = LstmCtcHyperparameters(fresh_lines=arguments.fresh_lines)
    found = {
        "benchmark": "training_step",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": describe_commit(),
        "machine": describe_machine(),
        "hyperparameters": dataclasses.asdict(hyperparameters),
        "lines": LINES,
        "steps_a_round": STEPS,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lines.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for example in transformed_lines(arguments.data_dir.absolute(), LINES):
                writer.write(example)
        found |= measure([str(path)], hyperparameters)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
