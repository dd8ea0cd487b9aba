"""The documentation site builds, strictly, and holds what it should."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_site_builds_without_a_broken_link(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    pages = {path.relative_to(tmp_path / "site").as_posix() for path in tmp_path.rglob("*.html")}
    assert pages > {"index.html", "benchmarks.html", "decisions/index.html"}
    made = (tmp_path / "site" / "reference" / "transforms" / "edit_distance.html").read_text()
    assert "corpus" in made or "edit" in made
    assert (tmp_path / "site" / "notebooks" / "1-look-at-the-data.html").is_file()
    home = (tmp_path / "site" / "index.html").read_text()
    assert 'src="images/report.png"' in home
    assert "https://fonts" not in home, "something is loaded from elsewhere"
