"""Two machines, here two processes on loopback, learn what one learns from the same batches.

All lines are of one width, so that what the two read side by side are the batches of the one.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROGRAMS = Path(__file__).parent
TEXTS = ["abcd", "dcba", "abab", "acbd", "dbca", "cadb", "bdac", "badc"]


def start(program, folder, files, *rest, **environment):
    command = [sys.executable, PROGRAMS / program, folder, files[0][0], files[1][0], *rest]
    environment |= {"PYTHONPATH": str(PROGRAMS.parents[1])}
    return subprocess.Popen(
        command, env=os.environ | environment, stderr=subprocess.PIPE, text=True
    )


def start_machine(index, addresses, folder, files):
    task = {"type": "worker", "index": index}
    told = json.dumps({"cluster": {"worker": addresses}, "task": task})
    return start("machine.py", folder, files, TF_CONFIG=told)


def free_addresses(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses


@pytest.fixture(scope="module")
def files(write_lines):
    return write_lines(TEXTS * 4), write_lines(TEXTS)


@pytest.mark.slow
def test_two_machines_agree_with_one(files, tmp_path):
    addresses = free_addresses(2)
    alone = start("replicas.py", tmp_path, files, "1", "float32")
    machines = [start_machine(index, addresses, tmp_path, files) for index in (0, 1)]
    for process in (alone, *machines):
        _, complaints = process.communicate(timeout=300)
        assert process.returncode == 0, complaints
    one = np.load(tmp_path / "result.npz")
    leader, worker = (np.load(tmp_path / f"machine{index}.npz") for index in (0, 1))
    for name in set(leader.files) - {"losses"}:
        np.testing.assert_array_equal(leader[name], worker[name])
    np.testing.assert_allclose(leader["losses"], one["losses"], rtol=1e-3)
