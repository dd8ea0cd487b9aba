"""`bin/setup` says in one line what a system lacks, before it downloads anything."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("bash", "env", "uname", "getconf", "cut", "sort", "head", "cat", "sha256sum", "dirname")


@pytest.fixture
def system(tmp_path):
    """A folder of programs, the only ones there are; and the project's files that it takes."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in NEEDED:
        (programs / name).symlink_to(shutil.which(name))
    (tmp_path / "project" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "bin" / "setup", tmp_path / "project" / "bin")
    shutil.copy(ROOT / "requirements.lock", tmp_path / "project")
    return programs


def set_up(system):
    project = system.parent / "project"
    done = subprocess.run(
        [project / "bin" / "setup"],
        env={"PATH": str(system), "HOME": str(system), "UV_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert not (project / ".venv").exists()
    return done


def add_python(system):
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    script = system / base.name
    script.write_text(f'#!/bin/sh\nexec {base} "$@"\n')  # a link would lose its library
    script.chmod(0o755)
    (system / "uv").symlink_to(Path(sys.prefix) / "bin" / "uv")


def test_a_missing_compiler_is_named(system):
    add_python(system)
    done = set_up(system)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(
        "setup: expected what compiles a package (pyfarmhash), found no g++"
    )
    assert "apt-get install g++" in done.stderr


def test_missing_headers_are_named(system):
    add_python(system)
    (system / "g++").symlink_to("/bin/true")
    python = next(system.glob("python3.*"))
    told = python.read_text().replace("exec", 'case "$*" in *Python.h*) exit 1; esac\nexec')
    python.write_text(told)
    done = set_up(system)
    assert done.returncode == 2
    assert done.stderr.endswith(f"'apt-get install {python.name}-dev'\n")


def test_a_pip_that_fails_is_not_taken_for_a_missing_one(system):
    for name in ("awk", "rm", "mkdir", "chmod"):
        (system / name).symlink_to(shutil.which(name))
    add_python(system)
    (system / "uv").unlink()
    python = next(system.glob("python3.*"))
    make_tools = "mkdir -p .venv-tools/bin; echo 'exit 1' > .venv-tools/bin/pip"
    make_tools = f'case "$*" in *venv*) {make_tools}; chmod +x .venv-tools/bin/pip; exit;; esac'
    python.write_text(python.read_text().replace("exec", f"{make_tools}\nexec"))
    done = set_up(system)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("setup: pip could not install uv")


def test_no_python_that_could_install_uv_is_told(system):
    for name in ("awk", "rm"):
        (system / name).symlink_to(shutil.which(name))
    done = set_up(system)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("setup: found neither uv nor a Python")


def test_another_machine_is_told_before_anything_else(system):
    (system / "uname").unlink()
    (system / "uname").write_text("#!/bin/sh\necho Darwin\n")
    (system / "uname").chmod(0o755)
    done = set_up(system)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "expected Linux" in done.stderr
