import subprocess
import sys

import pytest

from schema.file_lock import try_lock


def test_a_lock_has_one_holder_until_it_is_closed(tmp_path):
    path = tmp_path / "deep" / ".lock"
    with try_lock(path):
        assert try_lock(path) is None
    with try_lock(path) as again:
        assert again is not None


def test_a_killed_process_leaves_no_lock_and_one_that_inherited_it_keeps_it(tmp_path):
    path = tmp_path / ".lock"
    lock = try_lock(path)
    wait = [sys.executable, "-c", "input()"]
    heir = subprocess.Popen(wait, stdin=subprocess.PIPE, pass_fds=(lock.fileno(),))
    lock.close()
    assert try_lock(path) is None
    heir.kill()
    heir.wait()
    heir.stdin.close()
    with try_lock(path) as free:
        assert free is not None


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        try_lock(tmp_path / "file" / ".lock")
