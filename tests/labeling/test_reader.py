"""Lines that a served model reads beforehand, against answers made by hand."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from labeling import answers
from labeling.answers import Seen
from labeling.queue import Asker, take_next
from labeling.reader import Reader
from schema.alphabet import LATIN
from serving.client.errors import ServingError
from tests.labeling.conftest import lines, picture
from tests.labeling.http_stub import answering

ADA = Asker("ada", "1")
ROW = {"text": "read", "confidence": 0.25, "character_confidences": [0.9, 0.1, 0.8, 1.0, -1.0]}


def model(
    rows: Callable[[list[bytes]], Any], version: int = 7, output: str = "text"
) -> Callable[[str, bytes], tuple[int, Any]]:
    """A server's answers with one model of lines."""

    def answer(path: str, body: bytes) -> tuple[int, Any]:
        if path.endswith(":predict"):
            asked = json.loads(body)["instances"]
            return rows([base64.b64decode(each["image_bytes"]["b64"]) for each in asked])
        if path.endswith("/metadata"):
            outputs = {output: {}, "confidence": {}}
            signatures = {"serving_default": {"outputs": outputs}}
            return 200, {"metadata": {"signature_def": {"signature_def": signatures}}}
        states = [{"version": "3", "state": "END"}, {"version": str(version), "state": "AVAILABLE"}]
        return 200, {"model_version_status": states}

    return answer


def reads_all(pictures: list[bytes]) -> tuple[int, Any]:
    return 200, {"predictions": [ROW] * len(pictures)}


def test_lines_are_read_once_by_a_version(store):
    store.add(lines(20, prefill=""), "test")
    with answering(model(reads_all)) as url:
        reader = Reader(store, url, "lines")
        assert reader.read_waiting() == 20
        assert reader.read_waiting() == 0
    item = store.item(1)
    assert (item.prefill, item.confidence, item.model_version) == ("read", 0.25, "lines 7")
    assert item.character_confidences == (0.9, 0.1, 0.8, 1.0)
    assert item.priority == 0.75
    with answering(model(reads_all, version=8)) as url:
        assert Reader(store, url, "lines").read_waiting() == 20
    assert store.item(1).model_version == "lines 8"


def test_what_people_have_before_them_or_answered_stays(store):
    store.add(lines(3, prefill="", annotators=2), "test")
    answers.label(store, ADA, Seen(1, 0), "done", LATIN)
    assert take_next(store, ADA).id == 2
    with answering(model(reads_all)) as url:
        assert Reader(store, url, "lines").read_waiting() == 1
    assert [store.item(number).prefill for number in (1, 2, 3)] == ["", "", "read"]


def test_what_monitoring_queued_stays_ahead(store):
    store.add(lines(1, priority=1.5), "test")
    with answering(model(reads_all)) as url:
        Reader(store, url, "lines").read_waiting()
    assert store.item(1).priority == 1.5


def test_a_picture_that_is_refused_does_not_stop_the_others(store):
    store.add(lines(3, prefill=""), "test")

    def picky(pictures: list[bytes]) -> tuple[int, Any]:
        return (400, {"error": "no"}) if picture(1) in pictures else reads_all(pictures)

    with answering(model(picky)) as url:
        reader = Reader(store, url, "lines")
        assert (reader.read_waiting(), reader.read_waiting()) == (3, 0)
    assert [store.item(number).prefill for number in (1, 2, 3)] == ["read", "", "read"]


def test_a_model_of_pages_and_a_silent_server_are_told(store):
    with (
        answering(model(reads_all, output="character")) as url,
        pytest.raises(ServingError, match="expected one that reads lines, got one that gives char"),
    ):
        Reader(store, url, "lines").read_waiting()
    with pytest.raises(ServingError, match="no model server answers there"):
        Reader(store, url, "lines").read_waiting()
