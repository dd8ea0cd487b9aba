"""IAM through the whole pipeline, on a copy of its form that is generated."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_iam_is_split_officially_without_shared_sentences_and_read(iam_copy, tmp_path):
    command = [
        *(sys.executable, "local_runner.py", "--dataset", "iam", "--data-dir", iam_copy),
        *("--workspace", tmp_path / "workspace", "--train-steps", "4", "--no-question"),
        *("--set", "batch_size=16"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    # Four steps teach it nothing, so the gate must stop it.
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["dataset"] == "iam"
    assert not told["blessed"]
    assert told["metrics"]["cer"]["examples"] == 25
    assert "iam: split lwitlrt, xml texts, segmentation all: 121 lines" in done.stderr
    assert "1 more because their sentence is in another split" in done.stderr
    assert "non-commercial research" in done.stderr
    report = Path(told["report"]).read_text()
    assert "has their sentence: train 1, validation 0, test 0" in report
