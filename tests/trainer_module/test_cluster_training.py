"""Two machines, here two processes on loopback, learn what one learns from the same batches.

All lines are of one width, so that what the two read side by side are the batches of the one.
"""

import dataclasses
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.trainer_module.replicas import ABCD, SMALL
from trainer_module.leader import lead
from trainer_module.tasks.lines import LinesTask
from trainer_module.training_job import TrainingJob
from trainer_module.training_state import TrainingState

PROGRAMS = Path(__file__).parent
STEPS = 12  # three epochs
TEXTS = ["abcd", "dcba", "abab", "acbd", "dbca", "cadb", "bdac", "badc"]


def start(program, *arguments, **environment):
    environment |= {"PYTHONPATH": str(PROGRAMS.parents[1])}
    return subprocess.Popen(
        [sys.executable, PROGRAMS / program, *arguments],
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_addresses(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses


def end_well(process):
    _, complaints = process.communicate(timeout=300)
    assert process.returncode == 0, complaints


@pytest.mark.slow
def test_two_machines_agree_with_one(write_lines, tmp_path, monkeypatch):
    [train], [validation] = write_lines(TEXTS * 4), write_lines(TEXTS)
    job = TrainingJob(
        task="lines",
        network=SMALL.network,
        symbols=ABCD.symbols,
        hyperparameters=dataclasses.asdict(SMALL),
        variation={"synthesis": {}, "augmentation": {}},
        train_files=[train],
        validation_files=[validation],
        train_steps=STEPS,
        seed=3,
        state_folder=str(tmp_path / "together"),
        base_model=None,
    )
    told = {"cluster": {"worker": free_addresses(2)}}
    leads, follows = (
        json.dumps(told | {"task": {"type": "worker", "index": index}}) for index in (0, 1)
    )
    alone = start("replicas.py", tmp_path, train, validation, "1", "float32", str(STEPS))
    worker = start("machine.py", tmp_path / "worker.npz", TF_CONFIG=follows)
    monkeypatch.setenv("TF_CONFIG", leads)
    lead(job)
    end_well(worker)
    end_well(alone)

    state = TrainingState.open(Path(job.state_folder))
    network = LinesTask(SMALL, ABCD).build_network()
    last = f"after-epoch-{state.epochs_done:04d}.weights.h5"
    network.load_weights(Path(job.state_folder) / last)
    followed = np.load(tmp_path / "worker.npz")
    for number, weight in enumerate(network.get_weights()):
        np.testing.assert_array_equal(followed[f"arr_{number}"], weight)
    losses = [(epoch.loss, epoch.validation_loss) for epoch in state.history]
    one = np.load(tmp_path / "result.npz")
    np.testing.assert_allclose(losses, one["losses"], rtol=1e-3)
