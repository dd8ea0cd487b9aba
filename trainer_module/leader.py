"""The pipeline's own share of a training on several machines, in a process of its own.

TensorFlow sets collectives up when a process starts to use it, and the pipeline's has long done so.
What comes out is the training's state, as after `train.py`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from schema.errors import InputError
from serving.ward import describe_status
from trainer_module.training_job import TrainingJob
from trainer_module.worker import REASON_FILE

PROJECT_ROOT = Path(__file__).resolve().parents[1]


def lead(job: TrainingJob) -> None:
    """Trains with the other machines of TF_CONFIG, for which it waits.

    Raises:
      InputError: it could not be done; the state is that after the last whole epoch.
    """
    with tempfile.TemporaryDirectory(prefix="training-job-") as folder:
        path = Path(folder) / "job.json"
        path.write_text(job.to_json(), encoding="utf-8")
        worker = (sys.executable, "-m", "trainer_module.worker", "--job", str(path))
        ended = subprocess.Popen(
            [sys.executable, "-m", "serving.ward", *worker],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,  # its end tells the ward that the pipeline is gone
        ).wait()
        reason = path.with_name(REASON_FILE)
        if reason.is_file():
            raise InputError(reason.read_text(encoding="utf-8"))
    if ended:
        raise InputError(
            "expected the training on several machines to end well, got its process, which "
            f"{describe_status(ended)}: see above, and run again; it goes on after its last "
            "whole epoch"
        )
