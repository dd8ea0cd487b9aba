"""Measures what tracking costs a training, as JSON.

    python benchmarks/tracking.py MODEL --workspace FOLDER [--steps 200] [--tracker wandb]

Trains anew on the examples of a line model that the pipeline has made, tells the tracker of each
epoch, and adds up what passes inside its calls: seconds, and processor seconds of this process and
of the client's own processes. The ratio to the training that they interrupt is taken within the one
run: two trainings side by side differ by more than what is looked for. Beginning, model and end
come once, however long the training is; from these and the cost of an epoch follows how long a
training must be for tracking to cost at most 2 % of it. Reads no test split.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from main_job import ROOT, describe_commit, describe_machine, hide_folders

sys.path.insert(0, str(ROOT))

ALLOWED_SHARE = 0.02


class Clocked:
    """A tracker whose calls are timed.

    Args:
      tracker: the one to time.
    """

    def __init__(self, tracker: Any) -> None:
        self._tracker = tracker
        self.seconds: dict[str, list[float]] = {}
        self.processor_seconds = 0.0

    def start(self, run: Any) -> None:
        """Times the beginning."""
        self._time("start", lambda: self._tracker.start(run))

    def epoch(self, epoch: Any, readings: Sequence[Any]) -> None:
        """Times an epoch."""
        self._time("epoch", lambda: self._tracker.epoch(epoch, readings))

    def model(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Times the model."""
        self._time("model", lambda: self._tracker.model(folder, facts))

    def end(self, failed: bool = False) -> None:
        """Times the end."""
        self._time("end", lambda: self._tracker.end(failed))

    def _time(self, name: str, call: Callable[[], None]) -> None:
        began, busy = time.perf_counter(), time.process_time()
        call()
        self.seconds.setdefault(name, []).append(time.perf_counter() - began)
        self.processor_seconds += time.process_time() - busy


class Children:
    """Processor seconds of the processes that this one has started, as long as they run."""

    def __init__(self) -> None:
        self._busy: dict[int, float] = {}

    def look(self) -> float:
        """Returns what all of them have used so far."""
        import psutil

        for child in psutil.Process().children(recursive=True):
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            self._busy[child.pid] = times.user + times.system
        return sum(self._busy.values())


def measure(model: Path, folder: Path, tracker: str, steps: int) -> dict[str, Any]:
    """Trains with a tracker; returns what it cost."""
    from schema.alphabet import Alphabet
    from trainer_module.task_names import ERROR_NAMES
    from trainer_module.tasks.lines import LinesTask
    from trainer_module.tracking.choice import TrackingChoice, make_tracker
    from trainer_module.tracking.tracker import TrackedRun
    from trainer_module.train import train
    from trainer_module.training_state import TrainingState
    from trainer_module.tuning.from_model import read_card
    from trainer_module.variation import Variation

    data, run = read_card(model)
    clocked = Clocked(make_tracker(TrackingChoice(tracker, str(folder / "tracking"))))
    variation = Variation.from_dict(run.variation)
    task = LinesTask(run.record, Alphabet(data.symbols), variation)
    files = (data.train_files, data.validation_files)
    state, children = TrainingState.open(folder / "training"), Children()
    config = dataclasses.asdict(run)
    clocked.start(TrackedRun("benchmark", config=config, error_name=ERROR_NAMES[data.task]))
    children.look()
    began, busy = time.perf_counter(), time.process_time()
    train(task, *files, steps, run.seed, state, tracker=clocked)
    seconds, processor = time.perf_counter() - began, time.process_time() - busy
    children.look()
    clocked.model(model, {"latency_ms": 0.0})
    children.look()
    clocked.end()
    return _tell(clocked, children.look(), seconds, processor, len(state.history))


def _tell(
    clocked: Clocked, others: float, seconds: float, processor: float, epochs: int
) -> dict[str, Any]:
    """Puts the figures together; `seconds` and `processor` hold the calls of the epochs."""
    told = sum(clocked.seconds["epoch"])
    once = sum(sum(clocked.seconds[name]) for name in ("start", "model", "end"))
    share = told / (seconds - told)
    return {
        "epochs": epochs,
        "training_seconds": round(seconds - told, 1),
        "seconds": {name: round(sum(each), 3) for name, each in clocked.seconds.items()},
        "share_of_time": {"epochs": round(share, 5), "all": round((told + once) / seconds, 5)},
        "processor_seconds": {
            "training": round(processor, 1),
            "tracker in this process": round(clocked.processor_seconds, 2),
            "its own processes": round(others, 2),
        },
        "share_of_processor_time": round((clocked.processor_seconds + others) / processor, 5),
        "training_seconds_for_2_percent": (
            round(once / (ALLOWED_SHARE - share)) if share < ALLOWED_SHARE else None
        ),
    }


def main() -> None:
    """Runs the command line."""
    from trainer_module.tracking.choice import TENSORBOARD, WANDB

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a line model, or the folder of its versions")
    parser.add_argument("--workspace", type=Path, required=True, help="a new folder to write to")
    parser.add_argument("--steps", type=int, default=200, help="of the training")
    parser.add_argument("--tracker", default=WANDB, choices=(WANDB, TENSORBOARD))
    arguments = parser.parse_args()
    machine = describe_machine()
    folder = arguments.workspace.absolute()
    folder.mkdir(parents=True)
    measured = measure(arguments.model.absolute(), folder, arguments.tracker, arguments.steps)
    told = {
        "benchmark": "tracking",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": describe_commit(),
        "machine": machine,
        "command": hide_folders(["python", *sys.argv]),
        "tracker": arguments.tracker,
        **measured,
    }
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
