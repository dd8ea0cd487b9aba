"""Runs the pipeline on the bars of `conftest.py`, small, as a user would from the command line."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOOD_STEPS = 105
"""After so many the bars are read well."""
TRACKED = ("--track", "wandb")

_SETTINGS = {
    "train_lines": 480,
    "validation_lines": 40,
    "test_lines": 50,
    "batch_size": 32,
    "learning_rate": 0.005,
    # Loose bounds: what stops a worse model is the comparison with the better one.
    "max_cer": 2,
    "max_wer": 2,
    "max_slice_cer": 2,
}


def build_command(data_dir, corpus, workspace, steps, *more):
    return [
        *(sys.executable, "local_runner.py", "--dataset", "emnist"),
        *("--data-dir", data_dir, "--corpus", corpus, "--workspace", workspace),
        *("--train-steps", str(steps), *more),
        *(part for key, value in _SETTINGS.items() for part in ("--set", f"{key}={value}")),
    ]


def run(command):
    """Returns the exit status, what the last line told, and the process."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done
