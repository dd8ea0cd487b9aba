"""The package of the workers holds all that the project's packages hold, and is importable."""

import os
import subprocess
import sys
import zipfile

import pytest

from pipeline.beam import wheel
from pipeline.fingerprint import PROJECT_ROOT
from schema.errors import InputError

PACKAGES = ("schema", "transforms", "serving", "trainer_module", "pipeline")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return wheel.build_wheel(tmp_path_factory.mktemp("wheel"))


def test_every_file_is_in_it(built):
    inside = set(zipfile.ZipFile(built).namelist())
    files = {
        path.relative_to(PROJECT_ROOT).as_posix()
        for package in PACKAGES
        for path in (PROJECT_ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files - inside == set()
    assert {"local_runner.py", "beam_runner.py"} <= inside
    assert [path.name for path in built.parent.iterdir()] == [built.name]


def test_what_it_holds_is_found_when_it_is_unpacked_elsewhere(built, tmp_path):
    zipfile.ZipFile(built).extractall(tmp_path)
    code = (
        "from pipeline.tasks import TASKS; import pipeline.report.render, serving.client; "
        "print(*[task.schema_file for task in TASKS.values() if task.schema_file.is_file()])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(tmp_path)) == 3


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wheel.shutil, "copytree", fail)
    with pytest.raises(InputError, match="No space left on device"):
        wheel.build_wheel(tmp_path)


def test_an_installed_project_cannot_build_it(tmp_path, monkeypatch):
    monkeypatch.setattr(wheel, "PROJECT_ROOT", tmp_path)
    with pytest.raises(InputError, match="source"):
        wheel.build_wheel(tmp_path)
