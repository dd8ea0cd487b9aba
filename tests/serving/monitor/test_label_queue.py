import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from schema.errors import InputError
from serving.monitor.label_queue import DRIFTED, UNCERTAIN, LabelQueue, Origin
from serving.monitor.logged_request import LINES, LoggedRequest, MeasuredRequest, RecordId


def request(picture, reading="hand", confidence=0.25):
    logged = LoggedRequest(
        record=RecordId("logs/a.tfrecord", 128, 1),
        model="lines",
        version=7,
        timestamp=1_764_000_000,
        sampling_rate=1.0,
        image=picture,
        kind=LINES,
        reading=reading,
        confidence=confidence,
    )
    return MeasuredRequest(logged, {})


@pytest.fixture
def queue(tmp_path):
    return LabelQueue(tmp_path / "queue")


def test_entries_lead_to_picture_reading_reason_and_request(queue):
    assert list(queue.read()) == []
    assert queue.add([request(b"one"), request(b"two", None, None)], UNCERTAIN) == 2
    assert queue.add([request(b"three")], DRIFTED) == 1
    first, second, third = queue.read()
    assert queue.picture_path(first.picture).read_bytes() == b"one"
    assert (first.reading, first.confidence, first.why, first.rank) == ("hand", 0.25, UNCERTAIN, 0)
    assert first.origin == Origin("lines", 7, 1_764_000_000, "logs/a.tfrecord", 128, 1)
    assert (second.reading, second.confidence, second.rank) == ("", None, 1)
    assert third.why == DRIFTED


def test_a_picture_is_queued_once_whatever_the_reason(queue):
    assert queue.add([request(b"one"), request(b"one")], UNCERTAIN) == 1
    assert LabelQueue(queue.folder).add([request(b"one"), request(b"two")], DRIFTED) == 1
    assert [line.why for line in queue.read()] == [UNCERTAIN, DRIFTED]


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_a_torn_line_is_passed_over_and_what_follows_is_kept(queue, kept):
    queue.add([request(b"one"), request(b"two")], UNCERTAIN)
    path = queue.folder / "queue.jsonl"
    whole, last, _ = path.read_bytes().split(b"\n")
    path.write_bytes(whole + b"\n" + last[:kept])
    assert [queue.picture_path(line.picture).read_bytes() for line in queue.read()] == [b"one"]
    assert queue.add([request(b"two"), request(b"three")], UNCERTAIN) == 2
    read = [queue.picture_path(line.picture).read_bytes() for line in queue.read()]
    assert read == [b"one", b"two", b"three"]
    assert path.read_bytes().startswith(whole + b"\n" + last[:kept])  # only ever added to


def test_a_foreign_line_is_named(queue):
    queue.add([request(b"one")], UNCERTAIN)
    with (queue.folder / "queue.jsonl").open("a") as file:
        file.write(json.dumps({"picture": "x"}) + "\n")
    with pytest.raises(InputError, match="in line 2 of"):
        list(queue.read())


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="give a folder with room"):
        LabelQueue(tmp_path / "file").add([request(b"one")], UNCERTAIN)


def test_several_writers_lose_nothing(queue):
    def write(number):
        return LabelQueue(queue.folder).add([request(b"%d" % number)], UNCERTAIN)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(40))) == 40
    assert len({line.picture for line in queue.read()}) == 40
