"""The project as a wheel, for workers that other programs start; Beam stages it to them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline.fingerprint import PROJECT_ROOT
from schema.errors import InputError

_KEPT = ("pyproject.toml", "README.md", "LICENSE", "local_runner.py", "beam_runner.py")
_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")
_BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def build_wheel(folder: Path) -> Path:
    """Builds the wheel with setuptools, on a copy, for it leaves files beside the source.

    Args:
      folder: an existing one, which takes the copy and the wheel.

    Returns:
      The wheel.

    Raises:
      InputError: the project runs installed, without its pyproject.toml, or the disk is full.
    """
    if not (PROJECT_ROOT / "pyproject.toml").is_file():
        raise InputError(
            f"expected the project's source to build the workers' package from, got none at "
            f"{PROJECT_ROOT}: run beam_runner.py of a checkout"
        )
    copy = folder / "source"
    try:
        for path in _sources():
            target = copy / path.name
            if path.is_dir():
                shutil.copytree(path, target, ignore=_IGNORED)
            else:
                target.parent.mkdir(exist_ok=True)
                shutil.copy(path, target)
    except OSError as error:
        raise InputError(
            f"expected room for the workers' package in {folder}, got {error.strerror or error}: "
            "free some, or set TMPDIR to another folder"
        ) from None
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, str(folder)],
        cwd=copy,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    shutil.rmtree(copy)
    if done.returncode:
        raise InputError(
            f"expected setuptools to build the workers' package, got "
            f"{(done.stdout.strip().splitlines() or ['no word'])[-1]}: make setup installs it"
        )
    [wheel] = folder.glob("*.whl")
    return wheel


def _sources() -> Iterator[Path]:
    """Yields the files at the top that belong to the package, and the packages."""
    yield from (path for name in _KEPT if (path := PROJECT_ROOT / name).is_file())
    yield from sorted(path.parent for path in PROJECT_ROOT.glob("*/__init__.py"))
