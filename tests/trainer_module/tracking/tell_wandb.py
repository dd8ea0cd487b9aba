"""Tells a small training to a tracker, for test_trackers.py: `tell_wandb.py TRACKER FOLDER`."""

import sys
from pathlib import Path

import numpy as np

from trainer_module.history import Epoch
from trainer_module.tracking.choice import TrackingChoice, make_tracker
from trainer_module.tracking.tracker import ExampleReading, TrackedRun

tracker, folder = make_tracker(TrackingChoice(*sys.argv[1:3])), Path(sys.argv[2])
model = folder / "model"
model.mkdir()
(model / "saved_model.pb").write_text("graph")
readings = [ExampleReading(np.full((28, 40), 200, np.uint8), "a|b", "ab")]
tracker.start(
    TrackedRun("sample-lines 7", "run-1", ("lines", "examples 12"), {"stem": (1, 2)}, "CER")
)
for number in (1, 2):
    tracker.epoch(Epoch(number, 3.0, 4.0, 0.5 / number, 2.0, 0.01), readings)
tracker.model(model, {"latency_ms": 2.5})
tracker.end()
