import errno
import json
from types import SimpleNamespace

import pytest

from pipeline.buckets import artifacts as module
from pipeline.buckets import fetch as fetching
from pipeline.buckets.address import BucketAddress, parse_address
from pipeline.buckets.artifacts import COMPLETE, Artifacts
from pipeline.buckets.bucket import BucketError
from schema.errors import InputError

PLACE = "emnist-lines/Trainer/model/7"
CONTENT = {"Format-Serving/saved_model.pb": b"graph", "Format-Serving/assets/ä b": b"", "log": b"x"}


@pytest.fixture
def here(store, tmp_path):
    """The artifacts of a machine."""
    return Artifacts(tmp_path / "here" / "artifacts", store.address)


@pytest.fixture
def there(store, tmp_path):
    """Those of another machine."""
    return Artifacts(tmp_path / "there" / "artifacts", store.address)


def make(artifacts, content=CONTENT, place=PLACE):
    """An executor's output; returns its address."""
    folder = artifacts.folder / place
    folder.mkdir(parents=True)
    for name, each in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(each)
    return f"{artifacts.address}/{place}"


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refuse(call, *arguments):
    with pytest.raises(InputError) as refused:
        call(*arguments)
    told = str(refused.value)
    assert told.startswith("expected ")
    assert "\n" not in told
    return told


def test_another_machine_has_what_one_has_made(here, there, store):
    uri = make(here)
    here.upload(uri)
    folder = there.local(uri)
    assert folder == there.folder / PLACE
    assert files(folder) == CONTENT
    assert sorted(path.name for path in there.folder.iterdir()) == [".fetching", "emnist-lines"]
    assert list((there.folder / ".fetching").iterdir()) == []
    told = json.loads(store.objects()[f"{PLACE}/{COMPLETE}"])
    assert told == {name: len(content) for name, content in CONTENT.items()}


def test_what_is_added_later_comes_along(here, there, store):
    uri = make(here)
    here.upload(uri)
    (here.folder / PLACE / "added").write_bytes(b"1")
    store.put(f"{PLACE}/half", b"of what another machine is adding")
    here.upload(uri)
    assert files(there.local(uri)) == CONTENT | {"added": b"1"}


def test_one_without_files_is_one(here, there):
    uri = make(here, {})
    here.upload(uri)
    assert there.local(uri).is_dir()
    assert files(there.folder) == {}


def test_what_is_here_is_not_asked_for(here, monkeypatch):
    uri = make(here)
    monkeypatch.setattr(module, "connect", None)
    assert files(here.local(uri)) == CONTENT


def test_a_part_brings_the_whole(here, there):
    uri = make(here)
    here.upload(uri)
    part = "Format-Serving/saved_model.pb"
    assert there.local(f"{uri}/{part}").read_bytes() == b"graph"
    assert files(there.folder / PLACE) == CONTENT
    assert there.local(there.folder / PLACE / part).read_bytes() == b"graph"


def test_neighbours_are_kept_apart(here, there):
    uri = make(here)
    other = make(here, {"other": b"1"}, f"{PLACE}0")
    here.upload(uri)
    here.upload(other)
    assert files(there.local(uri)) == CONTENT
    assert files(there.folder) == {f"{PLACE}/{name}": each for name, each in CONTENT.items()}


def test_what_its_maker_took_away_is_nowhere(here, there, store):
    uri = f"{here.address}/{PLACE}"
    here.upload(uri)
    assert store.objects() == {}
    assert not there.local(uri).exists()


def test_elsewhere_is_left_alone(here, tmp_path):
    assert here.local(tmp_path / "a" / "b" / "c" / "d") == tmp_path / "a" / "b" / "c" / "d"
    assert here.local(str(here.folder / "too" / "high")) == here.folder / "too" / "high"
    foreign = "s3://other/emnist-lines/Trainer/model/7"
    assert str(here.path_of(foreign)) == str(module.Path(foreign))


def test_without_a_bucket_places_are_folders(tmp_path):
    artifacts = Artifacts(tmp_path / "artifacts")
    uri = str(artifacts.folder / PLACE)
    artifacts.check()
    artifacts.upload(uri)
    artifacts.complete(uri)
    assert artifacts.root("a") == str(tmp_path / "artifacts" / "a")
    assert artifacts.local(uri) == artifacts.folder / PLACE
    assert artifacts.to_address(uri) == artifacts.to_local(uri) == uri
    assert not artifacts.folder.exists()


def test_texts_are_moved_both_ways(here):
    told = f'{{"picture": "{here.folder}/a/b/c/1/search.png", "other": "{here.folder}s"}}'
    moved = here.to_address(told)
    assert f'"{here.address}/a/b/c/1/search.png"' in moved
    assert f'"{here.folder}s"' in moved
    assert here.to_local(moved) == told


@pytest.mark.parametrize(
    ("lost", "got"),
    [
        ("log", "got none of this name: restore it, or delete all under"),
        (COMPLETE, "got none of this name: restore it, or delete all under"),
    ],
)
def test_a_part_that_is_missing_is_told(here, there, store, lost, got):
    uri = make(here)
    here.upload(uri)
    store.take_away(f"{PLACE}/{lost}")
    told = refuse(there.local, uri)
    assert f"the object {uri}/{lost}" in told
    assert got in told
    assert not there.folder.exists()


def test_a_part_of_another_size_is_told(here, there, store):
    uri = make(here)
    here.upload(uri)
    store.put(f"{PLACE}/log", b"longer")
    assert f"{uri}/log of 1 bytes, a part of an artifact of ML Metadata, got one of 6 bytes" in (
        refuse(there.local, uri)
    )


def test_an_upload_that_is_cut_off_is_no_artifact(here, there, monkeypatch):
    uri = make(here)
    connect = module.connect

    class Failing:
        def __init__(self, address):
            self._bucket = connect(address)

        def find(self, below=""):
            return self._bucket.find(below)

        def write(self, name, path):
            if name == "log":
                raise BucketError("no answer (cut)", "look at the network")
            return self._bucket.write(name, path)

    monkeypatch.setattr(module, "connect", Failing)
    told = refuse(here.upload, uri)
    assert told == (
        f"expected to keep an artifact, got {uri} with no answer (cut): look at the network"
    )
    monkeypatch.setattr(module, "connect", connect)
    assert f"the object {uri}/{COMPLETE}" in refuse(there.local, uri)
    here.upload(uri)
    assert files(there.local(uri)) == CONTENT


def test_a_full_disk_is_told_and_what_was_fetched_is_kept(here, there, monkeypatch):
    uri = make(here, {f"{n:02}": bytes([n]) * 100 for n in range(30)})
    here.upload(uri)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: SimpleNamespace(free=2999))
    assert f"expected room for 3,000 bytes of {uri}, got 2,999 free" in refuse(there.local, uri)
    monkeypatch.undo()


def test_a_fetch_that_is_cut_off_goes_on(gcs_store, tmp_path, monkeypatch):
    here = Artifacts(tmp_path / "here", gcs_store.address)
    there = Artifacts(tmp_path / "there", gcs_store.address)
    content = {f"{n:02}": bytes([n]) * 100 for n in range(40)}
    uri = make(here, content)
    here.upload(uri)
    connect, read = module.connect, []

    class Failing:
        def __init__(self, address):
            self._bucket = connect(address)

        def find(self, below=""):
            return self._bucket.find(below)

        def read(self, stored, file):
            if stored.name == "25":
                raise OSError(errno.ENOSPC, "No space left on device")
            self._bucket.read(stored, file)
            read.append(stored.name)

    monkeypatch.setattr(module, "connect", Failing)
    assert "No space left on device: mend" in refuse(there.local, uri)
    assert not (there.folder / PLACE).exists()
    monkeypatch.setattr(module, "connect", connect)
    assert files(there.local(uri)) == content
    assert len(read) > 1


def test_what_workers_wrote_is_completed(here, there, store):
    uri = f"{here.address}/{PLACE}"
    for name, content in CONTENT.items():
        store.put(f"{PLACE}/{name}", content)
    store.put(f"{PLACE}/Format-Serving/", b"")
    here.complete(uri)
    here.complete(uri)
    assert files(there.local(uri)) == CONTENT


def test_the_bucket_is_tried_out(here, store):
    here.check()
    assert store.objects() == {}


def test_a_bucket_that_cannot_be_used_is_told(gcs_store, tmp_path):
    absent = BucketAddress(gcs_store.address.scheme, "missing-bucket", "a")
    told = refuse(Artifacts(tmp_path, absent).check)
    assert told == (
        "expected a bucket to keep artifacts in, got gs://missing-bucket/a with no bucket of this "
        "name: correct it, or make it"
    )
    gcs_store.contents.refused = 403
    here = Artifacts(tmp_path, gcs_store.address)
    assert "with a refusal" in refuse(here.check)
    assert "with a refusal" in refuse(here.local, f"{gcs_store.address}/{PLACE}")
    assert parse_address(str(gcs_store.address)) == gcs_store.address
