"""TensorBoard: event files in a folder for each training."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from trainer_module.history import Epoch
from trainer_module.tracking.epoch_figures import epoch_figures
from trainer_module.tracking.system import read_system
from trainer_module.tracking.tracker import ExampleReading, TrackedRun


class TensorBoardTracker:
    """Writes what `tensorboard --logdir FOLDER` shows.

    Args:
      folder: holds a folder for each training.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self, run: TrackedRun) -> None:
        """Writes configuration, group, tags and data as text."""
        self._run = run
        folder = self._folder / run.name.replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = tf.summary.create_file_writer(str(folder))
        read_system()  # CPU use is counted from here
        facts = {"group": run.group, "tags": run.tags, "data": run.data, "config": run.config}
        with self._writer.as_default(step=0):
            for name, value in facts.items():
                tf.summary.text(name, _as_text(value))

    def epoch(self, epoch: Epoch, readings: Sequence[ExampleReading]) -> None:
        """Writes curves, system figures and pictures."""
        figures = epoch_figures(epoch, self._run.error_name) | read_system()
        with self._writer.as_default(step=epoch.number):
            for name, value in figures.items():
                tf.summary.scalar(name, value)
            for number, each in enumerate(readings):
                tf.summary.image(f"readings/{number}", each.picture[None, :, :, None])
            if readings:
                tf.summary.text("readings", _as_table(readings))
        self._writer.flush()

    def model(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Writes where the model lies and what it costs: event files hold no models."""
        with self._writer.as_default(step=0):
            tf.summary.text("model", _as_text({"folder": str(folder), **facts}))

    def end(self, failed: bool = False) -> None:
        """Closes the file."""
        with self._writer.as_default(step=0):
            tf.summary.text("state", "failed" if failed else "finished")
        self._writer.close()


def _as_text(value: Any) -> str:
    return f"```\n{json.dumps(value, indent=1, ensure_ascii=False, default=str)}\n```"


def _as_table(readings: Sequence[ExampleReading]) -> str:
    def cell(text: str) -> str:
        return text.replace("\\", "\\\\").replace("|", "\\|")

    rows = (f"| {i} | {cell(r.truth)} | {cell(r.reading)} |" for i, r in enumerate(readings))
    return "\n".join(("| | written | read |", "|---|---|---|", *rows))
