import os

import pytest

from pipeline.buckets.bucket import StoredObject
from pipeline.buckets.ledger import Ledger


@pytest.fixture
def file(tmp_path):
    (tmp_path / "file").write_bytes(b"ink")
    return tmp_path / "file"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "ledger.jsonl"


def test_what_was_noted_is_known_again(path, file):
    Ledger(path).note("a", "one", file.stat())
    ledger = Ledger(path)
    assert ledger.agrees(StoredObject("a", 3, "one"), file.stat())
    assert not ledger.agrees(StoredObject("a", 3, "two"), file.stat())
    assert not ledger.agrees(StoredObject("b", 3, "one"), file.stat())
    assert not ledger.agrees(StoredObject("a", 4, "one"), file.stat())
    os.utime(file, ns=(0, 0))
    assert not ledger.agrees(StoredObject("a", 3, "one"), file.stat())


def test_the_last_word_counts_and_is_the_only_one_kept(path, file):
    ledger = Ledger(path)
    for stamp in ("one", "two"):
        ledger.note("a", stamp, file.stat())
    assert path.read_bytes().count(b"\n") == 2
    assert Ledger(path).entries["a"].stamp == "two"
    assert path.read_bytes().count(b"\n") == 1


def test_half_a_line_costs_that_line(path, file):
    ledger = Ledger(path)
    ledger.note("a", "one", file.stat())
    ledger.note("b", "one", file.stat())
    path.write_bytes(path.read_bytes()[:-9])
    ledger = Ledger(path)
    assert set(ledger.entries) == {"a"}
    ledger.note("b", "two", file.stat())
    assert set(Ledger(path).entries) == {"a", "b"}


def test_what_is_forgotten_is_gone(path, file):
    ledger = Ledger(path)
    for name in "abc":
        ledger.note(name, "one", file.stat())
    ledger.forget(["a", "c", "never there"])
    assert set(Ledger(path).entries) == {"b"}
