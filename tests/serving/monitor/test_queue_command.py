import numpy as np
import pytest

from serving.monitor.__main__ import main
from serving.monitor.label_queue import DRIFTED, UNCERTAIN, LabelQueue
from serving.monitor.learn import CleanRow, learn_reference
from serving.monitor.measuring import measure_request
from serving.monitor.reference import reference_folder
from tests.serving.monitor.request_logs import draw_picture, predicted, write_log


@pytest.fixture
def logs(tmp_path):
    """Ten requests of rising confidence; the seventh is no picture, the last one a large one."""
    pictures = [draw_picture(seed) for seed in range(9)]
    pictures[6] = b"no picture"
    pictures.append(draw_picture(size=(300, 100)))
    made = [
        predicted([picture], [f"text {place}"], [place / 10])
        for place, picture in enumerate(pictures)
    ]
    write_log(tmp_path / "a.tfrecord", made)
    return tmp_path / "a.tfrecord", pictures


def test_the_least_certain_lines_are_queued_once(logs, tmp_path, capsys):
    file, pictures = logs
    arguments = ["queue", str(file), "--to", str(tmp_path / "queue"), "--most", "3"]
    assert main(arguments) == 0
    assert "queued 3 uncertain and 0 drifted lines of 10 requests" in capsys.readouterr().out
    queue = LabelQueue(tmp_path / "queue")
    lines = list(queue.read())
    assert [queue.picture_path(line.picture).read_bytes() for line in lines] == pictures[:3]
    assert [line.reading for line in lines] == ["text 0", "text 1", "text 2"]
    assert {(line.why, line.origin.model, line.origin.version) for line in lines} == {
        (UNCERTAIN, "lines", 7)
    }
    assert len({line.origin.offset for line in lines}) == 3
    assert main(arguments) == 0
    assert "queued 0 uncertain" in capsys.readouterr().out


def test_with_a_reference_the_most_drifted_are_queued_too_and_the_unreadable_never(logs, tmp_path):
    file, pictures = logs
    rows = (measure_request(draw_picture(seed), f"text {seed}", 0.5) for seed in range(100, 200))
    clean = [CleanRow(values, "text", "text") for values in rows]
    learned = learn_reference(clean, np.zeros((100, 2), np.float32), frozenset(), {})
    learned.save(reference_folder(tmp_path / "7"))
    options = ["--to", str(tmp_path / "queue"), "--model", str(tmp_path / "7"), "--most", "3"]
    assert main(["queue", str(file), *options]) == 0
    queue = LabelQueue(tmp_path / "queue")
    lines = list(queue.read())
    queued = {queue.picture_path(line.picture).read_bytes(): line.why for line in lines}
    assert queued[pictures[9]] == DRIFTED
    assert {queued[picture] for picture in pictures[:3]} == {UNCERTAIN}
    assert b"no picture" not in queued


def test_what_is_missing_is_told_in_one_line(tmp_path, capsys):
    options = ["--to", str(tmp_path / "queue")]
    assert main(["queue", str(tmp_path / "nowhere"), *options]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["queue", str(tmp_path), *options, "--most", "0"]) == 2
    assert "expected --most of 1 or more" in capsys.readouterr().err
