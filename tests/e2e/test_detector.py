"""The detector end to end on drawn pages: trained, pushed, asked, and shown in the report."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.run_metadata import RunMetadata
from tests.pipeline.ingest.pages.conftest import DrawnLine, DrawnPage

ROOT = Path(__file__).resolve().parents[2]
PAGES = 14

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def pages(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "pages"
    for number in range(PAGES):
        tops = range(int(rng.integers(5, 40)), 250, int(rng.integers(50, 70)))
        lines = [DrawnLine(f"l{top}", top, "text", "written") for top in tops]
        page = DrawnPage(tuple(lines))
        page.write(folder, page.alto().replace("page.png", f"p{number}.png"), f"p{number}")
    return folder


def test_a_detector_is_learned_pushed_and_served(pages, tmp_path):
    settings = {
        "generated_share": 0.0,
        "stem_width": 6,
        "widths": "8,12",
        "crop": 128,
        "learning_rate": 0.01,
        "min_line_f1": 0.3,
        "min_line_precision": 0.2,
        "min_line_recall": 0.2,
        "max_line_count_error": 1.0,
    }
    command = [
        *(sys.executable, "local_runner.py", "--task", "detector", "--dataset", "pages"),
        *("--data-dir", pages, "--workspace", tmp_path / "workspace", "--train-steps", "150"),
        *(part for key, value in settings.items() for part in ("--set", f"{key}={value}")),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["pipeline"] == "pages-detector"
    assert not told["synthetic"]
    assert told["metrics"]["line_f1"]["value"] > 0.3
    # 0.3 of the pages are tested on.
    assert told["metrics"]["line_f1"]["examples"] == round(0.3 * PAGES)
    by_rest, by_grpc = told["served"]["rest"], told["served"]["grpc"]
    assert by_rest["text"] == by_grpc["text"]
    assert by_rest["confidence"] == pytest.approx(by_grpc["confidence"])
    assert told["served"]["truth"].endswith("lines")
    report = Path(told["report"]).read_text(encoding="utf-8")
    assert "Lines found, F1" in report
    assert "data:image/jpeg" in report
    metadata = RunMetadata(tmp_path / "workspace" / "metadata.sqlite", "pages-detector")
    assert {stage.state for stage in metadata.stages()} == {"ran"}
