import json
from pathlib import Path
from typing import ClassVar

import pytest

from pipeline import standby
from pipeline.question import serve
from pipeline.standby import get_ready, servers_on_standby, start_server


class FakeProcess:
    """Takes the place of a `ServerProcess` and notes what becomes of it."""

    made: ClassVar[list["FakeProcess"]] = []

    def __init__(self, command):
        self.command, self.end, self.stopped = list(command), None, False
        self.made.append(self)

    def how_it_ended(self):
        return self.end

    def stop(self):
        self.stopped = True

    @property
    def stood_by(self):
        return "serving.server.standby" in self.command

    @property
    def started_with(self):
        """Returns its flags from the beginning."""
        assert not self.stood_by
        return self.command[3:]


@pytest.fixture
def made(monkeypatch):
    monkeypatch.setattr(FakeProcess, "made", [])
    monkeypatch.setattr(standby, "ServerProcess", FakeProcess)
    return FakeProcess.made


def told(process):
    """Returns the flags that a standing-by process finds."""
    return json.loads(Path(process.command[-1]).read_text(encoding="utf-8"))


def test_without_a_run_around_a_server_starts_from_the_beginning(made):
    get_ready()
    process = start_server(["--a"])
    assert process.started_with == ["--a"]
    assert made == [process]


def test_each_taker_gets_a_process_of_its_own(made):
    with servers_on_standby(most=2, at_once=True):
        get_ready()  # one stands by already
        assert len(made) == 1
        first = start_server(["--first"])
        assert told(first) == ["--first"]
        get_ready()
        second = start_server(["--second"])
        assert [told(first), told(second)] == [["--first"], ["--second"]]
        get_ready()  # no more are needed
        assert made == [first, second]
        third = start_server(["--third"])
        assert third.started_with == ["--third"]
    assert [each.stopped for each in made[:2]] == [True, True]
    assert not third.stopped  # whoever started it does that


def test_nothing_starts_before_it_is_asked_for(made):
    with servers_on_standby(most=1, at_once=False):
        assert not made
    get_ready()
    assert not made


def test_one_that_nobody_took_ends_with_the_run(made, tmp_path, monkeypatch):
    monkeypatch.setattr(standby.tempfile, "tempdir", str(tmp_path))
    with servers_on_standby(most=1, at_once=True):
        assert list(tmp_path.iterdir())
    assert made[0].stopped
    assert not list(tmp_path.iterdir())


def test_a_server_that_died_while_it_stood_by_is_replaced(made):
    with servers_on_standby(most=2, at_once=True):
        made[0].end = "was killed by SIGKILL"
        process = start_server(["--a"])
        assert process.started_with == ["--a"]
    assert made[0].stopped


def test_a_real_one_serves_when_it_is_told(tmp_path):
    with servers_on_standby(most=1, at_once=True), serve("lines", tmp_path) as find_address:
        assert find_address().rest_url.startswith("http://127.0.0.1:")
