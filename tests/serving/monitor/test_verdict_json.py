import json

import pytest

from serving.monitor.outcome_json import outcome_to_json
from serving.monitor.verdict_json import verdict_from_json, verdict_to_json
from tests.serving.monitor.outcomes import outcome, window
from tests.serving.monitor.verdicts import alarm, fine, verdict


@pytest.mark.parametrize("told", [alarm(), fine(version=None), verdict(notes=["none, ümläut"])])
def test_a_verdict_comes_back(told):
    assert verdict_from_json(json.loads(json.dumps(verdict_to_json(told)))) == told


def test_an_outcome_is_strict_json():
    content = outcome_to_json(outcome(window(alarm()), troubles=["a disk"]), "report.html")
    read = json.loads(json.dumps(content, allow_nan=False))
    assert (read["outcome"], read["status"]) == ("trouble", 2)
    assert read["report"] == "report.html"
    assert read["windows"][0]["alarm"] is True
    assert read["windows"][0]["window_start"] == "2026-11-27T00:00:00+00:00"
    assert read["logs"]["records"] == 500


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([fine()], 0),
        ([fine(), alarm(day=1)], 1),
        ([alarm(), fine(day=1)], 1),
        ([fine(), verdict(day=1, notes=["few"])], 0),
        ([verdict(notes=["few"])], 2),
        ([], 2),
    ],
)
def test_the_status_is_that_of_all_windows(verdicts, status):
    assert outcome(*map(window, verdicts)).status == status


def test_trouble_comes_before_drift():
    assert outcome(window(alarm()), troubles=["a disk"]).status == 2
