"""The demo of the monitor with a tiny model, in a process of its own: from clean to the alert."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.conftest import write_line_reader
from tests.serving.monitor.traffic import png, scribble

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.e2e
@pytest.mark.slow
def test_the_alert_reaches_the_webhook_and_the_report_is_there(tmp_path):
    write_line_reader(tmp_path / "tiny-lines" / "5")
    (tmp_path / "pictures").mkdir()
    for number in range(300):
        (tmp_path / "pictures" / f"{number:03}.png").write_bytes(png(scribble(number)))
    command = [sys.executable, "-m", "serving.monitor", "demo", "--requests", "300"]
    command += ["--model", str(tmp_path / "tiny-lines"), "--pictures", str(tmp_path / "pictures")]
    done = subprocess.run(
        [*command, "--output", str(tmp_path / "out"), "--window", "30", "--drift", "inverted"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"the webhook was told: Drift: lines, version 5", done.stdout)
    [told] = re.findall(r"^report: (/.*/report\.html)$", done.stdout, re.MULTILINE)
    report = Path(told).read_text(encoding="utf-8")
    assert "what comes in has changed (" in report
    assert "mean brightness lies " in report
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert result["outcome"] == "drift"
    alarms = [window["alarm"] for window in result["windows"] if window["findings"]]
    assert alarms[0] is False
    assert alarms[-1] is True
