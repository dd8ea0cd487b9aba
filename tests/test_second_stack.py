"""`.ci/second-stack` says aloud where it cannot run, and is a failure only when the project is."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "second-stack"
FETCH_FAILED = "error: Failed to fetch: `https://index/tfx`; Caused by: operation timed out"
ROOT_IS_MADE = {"id": "echo 0", "setpriv": "", "debootstrap": 'mkdir -p "$4"'}


@pytest.fixture
def leg(tmp_path):
    """Runs the script with programs replaced by lines of shell; returns the finished process."""
    programs = tmp_path / "bin"
    programs.mkdir()
    script = tmp_path / "project" / ".ci" / SCRIPT.name
    script.parent.mkdir(parents=True)
    script.write_bytes(SCRIPT.read_bytes())

    def run(*arguments, **replaced):
        for name, body in {"getconf": "echo glibc 2.36", "sleep": "", **replaced}.items():
            program = programs / name.replace("_", "-")
            program.write_text(f"#!/bin/bash\n{body}\n")
            program.chmod(0o755)
        settings = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        settings["CALLS"] = str(tmp_path / "calls")
        command = ["bash", script, *arguments]
        return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=60)

    return run


@pytest.mark.parametrize(
    ("replaced", "reason"),
    [
        ({"getconf": "echo glibc 2.41"}, "glibc 2.41 is new enough"),
        ({"id": "echo 1000"}, "needs the rights of root"),
        ({"id": "echo 0", "setpriv": "exit 1"}, "allows no mount namespaces"),
        (ROOT_IS_MADE | {"debootstrap": "echo no mirror; exit 1"}, "debootstrap failed: no mirror"),
        (ROOT_IS_MADE | {"df": "echo 1024"}, "expected 8 GB free"),
        (ROOT_IS_MADE | {"chroot": "exit 1"}, "does not start"),
        (ROOT_IS_MADE | {"chroot": "echo Python", "git": "exit 128"}, "expected a clone"),
    ],
)
def test_where_it_cannot_run_it_says_so_and_is_no_failure(leg, replaced, reason):
    done = leg(**({"df": "echo 99999999"} | replaced))
    assert done.returncode == 0, done.stderr
    assert "second stack: NOT RUN: " in done.stderr
    assert reason in done.stderr


def test_a_root_that_could_not_be_made_is_begun_anew(leg, tmp_path):
    leg(**(ROOT_IS_MADE | {"df": "echo 99999999", "debootstrap": "exit 1"}))
    assert not (tmp_path / ".cache" / "handwriting-second-stack" / "made").exists()


def test_packages_that_cannot_be_fetched_are_asked_for_again_and_are_no_failure(leg, tmp_path):
    make = f"echo $1 >> $CALLS; echo '{FETCH_FAILED}' >&2; exit 2"
    done = leg("--inside", mount="", make=make)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("second stack: NOT RUN: packages cannot be fetched\n")
    assert (tmp_path / "calls").read_text() == "setup\n" * 3


def test_a_network_that_comes_back_lets_it_run(leg, tmp_path):
    make = (
        "echo $1 >> $CALLS; "
        f"if [ $(wc -l < $CALLS) = 1 ]; then echo '{FETCH_FAILED}' >&2; exit 2; fi"
    )
    done = leg("--inside", mount="", make=make)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "calls").read_text().split() == ["setup", "setup", "test-fast", "test"]
    assert "NOT RUN" not in done.stderr


@pytest.mark.parametrize(
    "said", ["Failed to build `pyfarmhash`", "Failed to download `tfx`; Hash mismatch for `tfx`"]
)
def test_packages_that_cannot_be_installed_are_a_failure_at_once(leg, tmp_path, said):
    done = leg("--inside", mount="", make=f"echo $1 >> $CALLS; echo '{said}' >&2; exit 2")
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "calls").read_text() == "setup\n"


@pytest.mark.parametrize("failing", ["test-fast", "test"])
def test_a_test_that_fails_is_a_failure(leg, failing):
    done = leg("--inside", mount="", make=f'[ "$1" != {failing} ]')
    assert done.returncode == 1, done.stderr
    assert "NOT RUN" not in done.stderr


def test_a_leg_that_does_not_end_is_a_failure(leg):
    done = leg("--inside", mount="", make="", timeout='[ "$3" = make ] || exit 124')
    assert done.returncode == 124
    assert "NOT FINISHED after 45 minutes" in done.stderr
