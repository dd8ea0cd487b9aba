"""Lines that come in, by the command line."""

import pytest

from labeling.__main__ import main
from labeling.items import ACCEPTED, WAITING
from labeling.store import Store
from serving.monitor.label_queue import DRIFTED, UNCERTAIN, LabelQueue
from serving.monitor.logged_request import LINES, LoggedRequest, MeasuredRequest, RecordId
from tests.labeling.conftest import picture


def bring(folder, form, path, *options):
    return main(["import", form, str(path), "--folder", str(folder), *options])


def test_a_folder_of_lines_is_brought_in(tmp_path, capsys):
    source = tmp_path / "lines"
    (source / "deep").mkdir(parents=True)
    for number, name in enumerate(("a.png", "deep/b.png", "c.png", "d.png")):
        (source / name).write_bytes(picture(number))
    (source / "a.gt.txt").write_text("one", encoding="utf-8")
    (source / "d.gt.txt").write_text("caf\u00e9", encoding="utf-8")
    assert bring(tmp_path / "labels", "lines", source, "--annotators", "2") == 0
    assert "added 4 lines" in capsys.readouterr().out
    store = Store(tmp_path / "labels")
    items = {item.name: item for item in map(store.item, range(1, 5))}
    assert (items["a"].status, items["a"].text) == (ACCEPTED, "one")
    assert (items["deep/b"].status, items["deep/b"].annotators) == (WAITING, 2)
    refused = items["d"]
    assert (refused.status, refused.prefill, refused.why) == (
        WAITING,
        "caf\u00e9",
        "outside the alphabet",
    )
    store.close()
    assert bring(tmp_path / "labels", "lines", source) == 0
    assert "added 0 lines" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "expected a folder of line pictures"),
        (lambda folder: folder.mkdir(), "got neither in"),
        (
            lambda folder: (folder.mkdir(), (folder / "a.gt.txt").write_text("x")),
            "expected a picture a.png, got none",
        ),
        (
            lambda folder: (folder.mkdir(), (folder / "a.png").write_bytes(b"x")),
            "expected a picture in one of the formats",
        ),
    ],
)
def test_an_unusable_folder_is_told_in_one_line(tmp_path, capsys, make, message):
    make(tmp_path / "lines")
    assert bring(tmp_path / "labels", "lines", tmp_path / "lines") == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.splitlines()[-1].startswith("labeling: ")


def measured(number, confidence):
    request = LoggedRequest(
        record=RecordId("day.log", 100 + number, 0),
        model="lines",
        version=7,
        timestamp=1,
        sampling_rate=1.0,
        kind=LINES,
        image=picture(number),
        reading=f"reading {number}",
        confidence=confidence,
    )
    return MeasuredRequest(request, {})


def test_the_queue_of_monitoring_is_brought_in_with_its_order(tmp_path, capsys):
    queue = LabelQueue(tmp_path / "queue")
    queue.add([measured(0, 0.1), measured(1, 0.2)], UNCERTAIN)
    queue.add([measured(2, 0.9)], DRIFTED)
    assert bring(tmp_path / "labels", "queue", queue.folder) == 0
    store = Store(tmp_path / "labels")
    items = [store.item(number) for number in (1, 2, 3)]
    assert [item.priority for item in items] == [2.0, 1.5, 2.0]
    assert [item.why for item in items] == ["uncertain", "uncertain", "drifted"]
    first = items[0]
    assert (first.prefill, first.confidence, first.model_version) == ("reading 0", 0.1, "lines 7")
    assert (first.origin["file"], first.origin["offset"]) == ("day.log", 100)
    store.close()


def test_no_queue_is_told(tmp_path, capsys):
    assert bring(tmp_path / "labels", "queue", tmp_path / "nothing") == 2
    assert "expected a queue of lines, got none" in capsys.readouterr().err


def test_exports_without_labels_are_told(tmp_path, capsys):
    command = ["export", "span", str(tmp_path / "spans"), "--folder", str(tmp_path / "none")]
    assert main(command) == 2
    assert "got no labeling.db" in capsys.readouterr().err
    Store(tmp_path / "none").close()
    assert main(command) == 2
    assert "accepted lines that are in no span yet, got none" in capsys.readouterr().err
