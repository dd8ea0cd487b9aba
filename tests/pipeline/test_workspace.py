import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.workspace import hold_promotions, hold_workspace, is_running
from schema.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def test_workspace_is_made(tmp_path):
    with hold_workspace(tmp_path / "a" / "b") as folder:
        assert folder.is_dir()


def test_two_runs_do_not_share_a_workspace(tmp_path):
    with (
        hold_workspace(tmp_path),
        pytest.raises(InputError, match="another run is using"),
        hold_workspace(tmp_path),
    ):
        pass


def test_a_killed_run_leaves_no_lock(tmp_path):
    code = (
        "import os, signal; from pathlib import Path\n"
        "from pipeline.workspace import hold_workspace\n"
        f"with hold_workspace(Path({str(tmp_path)!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT)
    assert killed.returncode == -9
    with hold_workspace(tmp_path):
        pass


def test_a_workspace_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match=r"workspace to write to, got .*file.*--workspace"),
        hold_workspace(tmp_path / "file"),
    ):
        pass


def test_a_promotion_keeps_out_others_but_no_run(tmp_path):
    assert not is_running(tmp_path)
    with hold_promotions(tmp_path):
        with (
            pytest.raises(InputError, match="another promotion is changing"),
            hold_promotions(tmp_path),
        ):
            pass
        with hold_workspace(tmp_path):
            assert is_running(tmp_path)
    assert not is_running(tmp_path)


def test_a_promotion_makes_no_workspace(tmp_path):
    with (
        pytest.raises(InputError, match="No such file"),
        hold_promotions(tmp_path / "absent"),
    ):
        pass
    assert not (tmp_path / "absent").exists()
