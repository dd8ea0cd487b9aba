import json
import multiprocessing

import pytest

from schema.errors import InputError
from serving.monitor.alerts.episodes import Episode
from serving.monitor.alerts.ledger import Ledger, Mailbox, hold, load_ledger, save_ledger
from serving.monitor.alerts.message import ALARM, new_message
from serving.monitor.findings import SKEW
from tests.serving.monitor.verdicts import DAY, alarm


def full():
    message = new_message(ALARM, DAY, DAY, alarm(), "report.html")
    return Ledger(
        {
            ("lines", None): Episode(DAY, DAY),
            ("lines", 7): Episode(DAY, DAY, DAY, DAY, DAY, frozenset({SKEW})),
        },
        {"slack host 1234": Mailbox([message], 1, 2, 3, 4, DAY, "status 500"), "mail": Mailbox()},
    )


def test_what_is_saved_is_loaded(tmp_path):
    save_ledger(full(), tmp_path / "new" / "state.json")
    loaded = load_ledger(tmp_path / "new" / "state.json")
    waiting = loaded.mailboxes["slack host 1234"].waiting
    expected = full()
    assert waiting[0].verdict == alarm()
    expected.mailboxes["slack host 1234"].waiting = waiting  # ids are random
    assert loaded == expected
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["state.json"]


def test_without_a_file_it_is_empty(tmp_path):
    assert load_ledger(tmp_path / "none.json") == Ledger()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"format": 9}',
        b'{"format": 1, "episodes": [{}]}',
        b'{"format": 1, "episodes": [], "mailboxes": {"a": {"waiting": [{"event": "?"}]}}}',
    ],
)
def test_another_file_is_told_in_one_line_and_kept(tmp_path, content):
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"state\.json") as raised:
        load_ledger(path)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--state"):
        save_ledger(Ledger(), tmp_path / "file" / "state.json")
    with pytest.raises(InputError, match="--state"), hold(tmp_path / "file" / "state.json"):
        pass


def test_two_monitors_do_not_share_one(tmp_path):
    with (
        hold(tmp_path / "state.json"),
        pytest.raises(InputError, match="another monitor"),
        hold(tmp_path / "state.json"),
    ):
        pass
    with hold(tmp_path / "state.json"):
        pass  # it is free again


def _save_for_ever(path):
    ledger = full()
    while True:
        save_ledger(ledger, path)


def test_a_kill_while_saving_leaves_a_whole_file(tmp_path):
    path = tmp_path / "state.json"
    save_ledger(full(), path)
    context = multiprocessing.get_context("fork")
    for milliseconds in (1, 3, 7, 12):
        process = context.Process(target=_save_for_ever, args=(path,))
        process.start()
        process.join(milliseconds / 1000)
        process.kill()
        process.join()
        assert set(load_ledger(path).episodes) == {("lines", None), ("lines", 7)}
    assert json.loads(path.read_text())["format"] == 1
