from pathlib import Path

from pipeline.estimate import Estimate
from pipeline.pages.result import PageErrorRate, PagePush

RATE = PageErrorRate("pages-detector", 9, 7456, Estimate(0.86, 0.84, 0.88))


def test_nothing_to_compose_is_nothing_to_tell():
    assert PagePush().told is None
    assert PagePush().as_json() is None


def test_a_push_is_told_with_its_error_rate():
    push = PagePush(Path("/pushed/pages/7"), RATE)
    assert push.told == "/pushed/pages/7; CER 86.0%"
    told = push.as_json()
    assert told["pushed"] == "/pushed/pages/7"
    assert told["error_rate"]["value"] == 0.86
    assert told["error_rate"]["baseline"] is None


def test_a_refusal_is_told_with_its_reason():
    push = PagePush(None, RATE, "worse than before")
    assert push.told == "CER 86.0%; worse than before"
    assert push.as_json()["pushed"] is None
