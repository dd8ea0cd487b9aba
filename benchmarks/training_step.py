"""Profiles one training step of `lstm_ctc` and prints its parts as JSON.

    python benchmarks/training_step.py \
      --examples "WORKSPACE/artifacts/emnist-lines/Transform/transformed_examples/*/Split-train/*"

Three trainings by Keras' own `fit` on the same lines, in rounds that take turns, since a machine's
speed drifts: `network` on batches in memory, with the mean of the logits in place of the loss;
`loss` on the same batches with the CTC loss; `input` with the real input pipeline as well, which
is what a training costs. What the others leave of its step is what loss and input pipeline add.
`--set` takes the hyperparameters and augmentation of the pipeline. Run it with the project's
environment.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from main_job import ROOT, describe_commit, describe_machine

sys.path.insert(0, str(ROOT))

SEED = 0


def make_timer(task: Any, loss: Any, batches: Any, steps: int) -> Callable[[], float]:
    """Compiles and warms up a training; the timer returns seconds a step."""
    from trainer_module.acceleration import compile_training_call, precision
    from trainer_module.optimizer import make_optimizer

    hyperparameters = task.hyperparameters
    with precision(hyperparameters.precision):
        network = task.build_network()
        if hyperparameters.xla:
            compile_training_call(network, hyperparameters.batch_size)
        optimizer = make_optimizer(hyperparameters, 100 * steps)
        network.compile(optimizer, loss, jit_compile=False)
    endless = batches.repeat()
    network.fit(endless, steps_per_epoch=steps, verbose=0)

    def time_step() -> float:
        started = time.monotonic()
        network.fit(endless, steps_per_epoch=steps, verbose=0)
        return (time.monotonic() - started) / steps

    return time_step


def lines_a_second(batches: Any, batch_size: int, steps: int) -> float:
    """Returns how fast the input pipeline is by itself."""
    iterator = iter(batches.repeat())
    next(iterator)
    started = time.monotonic()
    for _ in range(steps):
        next(iterator)
    return steps * batch_size / (time.monotonic() - started)


def measure(pattern: str, task: Any, steps: int, rounds: int) -> dict[str, Any]:
    """Times the three trainings."""
    import tensorflow as tf

    from trainer_module.networks.stem import WIDTH

    real = task.training_batches([pattern], SEED, 0, 1)
    in_memory = real.take(steps).cache()
    widths = [float(tf.reduce_mean(inputs[WIDTH])) for inputs, _ in in_memory]
    timers = {
        "network": make_timer(
            task, lambda _, logits: tf.reduce_mean(logits, axis=[1, 2]), in_memory, steps
        ),
        "loss": make_timer(task, task.make_loss(), in_memory, steps),
        "input": make_timer(task, task.make_loss(), real, steps),
    }
    taken = [{part: timer() for part, timer in timers.items()} for _ in range(rounds)]
    seconds = {part: statistics.median(each[part] for each in taken) for part in timers}
    step, lines = seconds["input"], task.hyperparameters.batch_size
    return {
        "mean_width": round(statistics.mean(widths)),
        "seconds_a_step": {part: round(value, 4) for part, value in seconds.items()},
        "training_lines_a_second": round(lines / step, 1),
        "input_pipeline_lines_a_second": round(lines_a_second(real, lines, 10 * steps), 1),
        "share_of_the_step": {
            "network": round(seconds["network"] / step, 3),
            "loss": round((seconds["loss"] - seconds["network"]) / step, 3),
            "input": round((step - seconds["loss"]) / step, 3),
        },
        "rounds": [{part: round(value, 4) for part, value in each.items()} for each in taken],
    }


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", required=True, help="pattern of transformed training lines")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--steps", type=int, default=20, help="of each training in a round")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    from pipeline.arguments import make_config, make_parser
    from trainer_module.tasks.lines import LinesTask
    from trainer_module.variation import Variation

    settings = [part for setting in arguments.settings for part in ("--set", setting)]
    line = ["--dataset", "emnist", "--data-dir", ".", *settings]
    config = make_config(make_parser("training_step.py", "").parse_args(line))
    variation = Variation(config.synthesis, config.augmentation)
    task = LinesTask(config.hyperparameters, config.alphabet, variation)
    found = {
        "benchmark": "training_step",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": describe_commit(),
        "machine": describe_machine(),
        "hyperparameters": dataclasses.asdict(config.hyperparameters),
        "augmentation": dataclasses.asdict(config.augmentation),
        "steps_a_round": arguments.steps,
        **measure(arguments.examples, task, arguments.steps, arguments.rounds),
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
