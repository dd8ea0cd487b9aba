"""Two replicas learn what one learns from the same batches.

The batches are of several widths, and the last of a width may be of any size, one line included.
Gradients are clipped. The weights end within a thousandth, most of them far nearer.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).with_name("replicas.py")
TEXTS = ["abcd", "dcba", "abab", "acbd", "dbca", "cadb", "bdac", "badc", "cd", "ab", "dc"]


@pytest.fixture(scope="module")
def files(write_lines):
    # Two buckets of 33 and of 9 lines: the last batches of 8 have one line each.
    return write_lines(TEXTS * 3 + ["abcdabcd"] * 9), write_lines(TEXTS)


def fit(files, folder, devices, precision):
    """Starts a training and returns its process and where its result will be."""
    folder.mkdir()
    program = [sys.executable, PROGRAM, folder, files[0][0], files[1][0], str(devices), precision]
    environment = os.environ | {"PYTHONPATH": str(PROGRAM.parents[2])}
    started = subprocess.Popen(program, env=environment, stderr=subprocess.PIPE, text=True)
    return started, folder / "result.npz"


def result_of(started, path):
    _, complaints = started.communicate()
    assert started.returncode == 0, complaints
    return np.load(path)


@pytest.mark.slow
def test_two_replicas_agree_with_one(files, tmp_path):
    runs = [fit(files, tmp_path / str(devices), devices, "float32") for devices in (1, 2)]
    one, two = (result_of(*run) for run in runs)
    assert (one["replicas"], two["replicas"]) == (1, 2)
    np.testing.assert_allclose(one["losses"][:, 1], two["losses"][:, 1], rtol=1e-4)  # validation
    for name in set(one.files) - {"replicas", "losses"}:
        np.testing.assert_allclose(one[name], two[name], atol=1e-3)


@pytest.mark.slow
def test_half_precision_learns_on_two_replicas(files, tmp_path):
    losses = result_of(*fit(files, tmp_path / "half", 2, "mixed_float16"))["losses"]
    assert np.isfinite(losses).all()
    assert losses[-1, 1] < 0.7 * losses[0, 1]
