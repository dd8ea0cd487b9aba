import errno
from types import SimpleNamespace

import pytest

from pipeline.buckets import fetch as module
from pipeline.buckets.address import BucketAddress
from pipeline.buckets.bucket import connect
from pipeline.buckets.fetch import fetch, mirror_of
from schema.errors import InputError


@pytest.fixture
def workspace(tmp_path):
    return tmp_path / "workspace"


@pytest.fixture
def reads(monkeypatch):
    """Names of the objects that are read, and what happens before."""
    watched = SimpleNamespace(names=[], before=lambda name: None)

    class Watched:
        def __init__(self, address):
            self._bucket = connect(address)

        def find(self, below=""):
            return self._bucket.find(below)

        def read(self, stored, file):
            watched.before(stored.name)
            self._bucket.read(stored, file)
            watched.names.append(stored.name)

    monkeypatch.setattr(module, "connect", Watched)
    return watched


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def nothing_is_left(workspace, address):
    left = mirror_of(workspace, address).with_name("drafts")
    return not left.exists() or not list(left.iterdir())


def refuse(address, workspace):
    with pytest.raises(InputError) as refused:
        fetch(address, workspace)
    told = str(refused.value)
    assert told.startswith("expected ")
    assert "\n" not in told
    return told


def test_the_mirror_holds_what_the_bucket_does(store, workspace):
    content = {f"lines/{n}.png": bytes([n]) * n * 1000 for n in range(12)} | {"a b/ä.gt.txt": b""}
    for name, each in content.items():
        store.put(name, each)
    folder = fetch(store.address, workspace)
    assert files(folder) == content
    assert nothing_is_left(workspace, store.address)


def test_only_what_changed_is_fetched(store, workspace, reads):
    for name in ("same", "changed", "vanished", "below/vanished", "spoiled"):
        store.put(name, b"old")
    folder = fetch(store.address, workspace)
    assert len(reads.names) == 5
    reads.names.clear()
    times = (folder / "same").stat().st_mtime_ns
    store.put("changed", b"new")
    store.put("added/later", b"new")
    store.take_away("vanished")
    store.take_away("below/vanished")
    (folder / "spoiled").write_bytes(b"odd")
    fetch(store.address, workspace)
    assert sorted(reads.names) == ["added/later", "changed", "spoiled"]
    assert files(folder) == {
        "same": b"old",
        "changed": b"new",
        "spoiled": b"old",
        "added/later": b"new",
    }
    assert (folder / "same").stat().st_mtime_ns == times
    assert not (folder / "below").exists()
    reads.names.clear()
    fetch(store.address, workspace)
    assert reads.names == []


def test_files_are_dated_as_their_objects(store, workspace, tmp_path):
    store.put("a", b"1")
    dates = {(fetch(store.address, each) / "a").stat().st_mtime for each in (workspace, tmp_path)}
    assert len(dates) == 1
    [date] = dates
    [stored] = connect(store.address).find()
    assert date == stored.modified > 1.6e9


def test_a_file_may_become_a_folder_and_back(gcs_store, workspace):
    gcs_store.put("a", b"1")
    fetch(gcs_store.address, workspace)
    gcs_store.take_away("a")
    gcs_store.put("a/b", b"2")
    assert files(fetch(gcs_store.address, workspace)) == {"a/b": b"2"}
    gcs_store.take_away("a/b")
    gcs_store.put("a", b"3")
    assert files(fetch(gcs_store.address, workspace)) == {"a": b"3"}


def test_marks_of_folders_are_no_files(gcs_store, workspace):
    gcs_store.put("", b"")
    gcs_store.put("lines/", b"")
    gcs_store.put("lines/a", b"1")
    assert files(fetch(gcs_store.address, workspace)) == {"lines/a": b"1"}


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "x/../../a", "./a", "a\nb"])
def test_names_that_leave_the_folder_are_refused(gcs_store, workspace, name):
    gcs_store.put("good", b"1")
    gcs_store.put(name, b"2")
    assert repr(name) in refuse(gcs_store.address, workspace)
    assert not workspace.exists()


def test_a_file_that_would_be_a_folder_is_refused(gcs_store, workspace):
    gcs_store.put("a", b"1")
    gcs_store.put("a/b/c", b"2")
    assert "'a' beside 'a/b/c'" in refuse(gcs_store.address, workspace)
    assert not workspace.exists()


def test_what_is_not_there_is_told(gcs_store, workspace):
    assert f"objects under {gcs_store.address}/, got none" in refuse(gcs_store.address, workspace)
    missing = BucketAddress(gcs_store.address.scheme, "missing-bucket", "a")
    assert "no bucket of this name" in refuse(missing, workspace)
    assert not workspace.exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
def test_what_is_interrupted_goes_on(gcs_store, workspace, reads, monkeypatch, error):
    for number in range(40):
        gcs_store.put(f"{number:02}", bytes([number]) * 100)

    def interrupt(name):
        if name == "25":
            raise error

    reads.before = interrupt
    with pytest.raises((KeyboardInterrupt, InputError)):
        fetch(gcs_store.address, workspace)
    folder = mirror_of(workspace, gcs_store.address)
    kept = files(folder)
    assert 0 < len(kept) < 40
    assert all(content == bytes([int(name)]) * 100 for name, content in kept.items())
    reads.before, reads.names = lambda name: None, []
    assert len(files(fetch(gcs_store.address, workspace))) == 40
    assert not set(reads.names) & set(kept)
    assert nothing_is_left(workspace, gcs_store.address)


def test_a_full_disk_is_told(gcs_store, workspace, monkeypatch):
    gcs_store.put("a", b"x" * 100_000)

    def write(self, block):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module._Draft, "write", write)
    assert "No space left on device: mend" in refuse(gcs_store.address, workspace)
    assert files(mirror_of(workspace, gcs_store.address)) == {}


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    gcs_store, workspace, monkeypatch, reads
):
    gcs_store.put("a", b"x" * 2000)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: SimpleNamespace(free=1999))
    assert "expected room for 2,000 bytes" in refuse(gcs_store.address, workspace)
    assert reads.names == []


def test_an_object_that_changes_meanwhile_is_told(store, workspace, reads):
    store.put("a", b"one")
    reads.before = lambda name: store.put(name, b"two")
    assert "another version of a while it was fetched" in refuse(store.address, workspace)
    assert files(mirror_of(workspace, store.address)) == {}
    reads.before = lambda name: None
    assert files(fetch(store.address, workspace)) == {"a": b"two"}


def test_addresses_have_mirrors_of_their_own(gcs_store, workspace):
    gcs_store.put("a/b/c", b"1")
    upper = fetch(gcs_store.address.below("a"), workspace)
    lower = fetch(gcs_store.address.below("a/b"), workspace)
    assert files(upper) == {"b/c": b"1"}
    assert files(lower) == {"c": b"1"}
    assert files(fetch(gcs_store.address.below("a"), workspace)) == {"b/c": b"1"}
