import os
import shutil
from types import SimpleNamespace

import pytest

from pipeline.buckets import publish as module
from pipeline.buckets.address import BucketAddress
from pipeline.buckets.bucket import BucketError, connect
from pipeline.buckets.publish import Outlet, find_outlet
from pipeline.workspace import ARTIFACTS_FILE, PUBLISH_FILE, Workspace, hold_publishing
from schema.errors import InputError

NAME = "sample-lines"
FILES = {"variables/variables.index": b"v", "assets.extra/note": b"", "fingerprint.pb": b"f"}


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "workspace").mkdir()
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def outlet(gcs_store, workspace):
    return Outlet(workspace, gcs_store.address)


@pytest.fixture
def watched(monkeypatch):
    """What is done to the bucket, in this order, and what happens before."""
    seen = SimpleNamespace(done=[], before=lambda name: None)

    class Watched:
        def __init__(self, address):
            self._bucket = connect(address)
            self.find = self._bucket.find

        def write(self, name, path):
            seen.before(name)
            stamp = self._bucket.write(name, path)
            seen.done.append(("write", name))
            return stamp

        def delete(self, names):
            seen.done.extend(("delete", name) for name in names)
            self._bucket.delete(names)

    monkeypatch.setattr(module, "connect", Watched)
    return seen


def push(workspace, version, content=b"graph", name=NAME):
    folder = workspace.pushed / name / str(version)
    for path, each in (FILES | {"saved_model.pb": content}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(each)
    return folder


def objects_of(*versions, name=NAME):
    files = {**FILES, "saved_model.pb": b"graph"}
    return {f"{name}/{version}/{path}": files[path] for version in versions for path in files}


def refuse(call, *arguments):
    with pytest.raises(InputError) as refused:
        call(*arguments)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_bucket_holds_what_is_pushed(store, workspace):
    outlet = Outlet(workspace, store.address)
    for version in (1, 2, 10):
        push(workspace, version)
    push(workspace, 7, name="pages")
    base_path = workspace.pushed / NAME
    (base_path / ".draft-x").mkdir()
    (base_path / ".draft-x" / "saved_model.pb").write_bytes(b"half")
    (base_path / "11").mkdir()  # a Pusher has not finished it
    (base_path / "11" / "fingerprint.pb").write_bytes(b"half")
    published = outlet.publish([base_path])
    assert published == [store.address.below(f"{NAME}/10")]
    assert store.objects() == objects_of(1, 2, 10)


def test_the_newest_comes_first_and_each_version_is_complete_with_its_model(
    gcs_store, workspace, outlet, watched
):
    for version in (9, 10):
        push(workspace, version)
    outlet.publish([workspace.pushed / NAME])
    written = [name for _, name in watched.done]
    assert written[3] == f"{NAME}/10/saved_model.pb"
    assert written[7] == f"{NAME}/9/saved_model.pb"
    assert len(written) == 8


def test_only_what_is_new_is_written(store, workspace, watched):
    outlet = Outlet(workspace, store.address)
    first = push(workspace, 1)
    outlet.publish([first.parent])
    watched.done.clear()
    push(workspace, 2)
    (first / "assets.extra" / "reference.json").write_bytes(b"later")
    outlet.publish([first.parent])
    assert {name for _, name in watched.done} == {
        f"{NAME}/1/assets.extra/reference.json",
        *objects_of(2),
    }
    watched.done.clear()
    outlet.publish([first.parent])
    assert watched.done == []


def test_what_was_spoiled_in_the_bucket_is_written_again(gcs_store, workspace, outlet):
    folder = push(workspace, 1)
    outlet.publish([folder.parent])
    gcs_store.put(f"{NAME}/1/saved_model.pb", b"grape")
    gcs_store.take_away(f"{NAME}/1/fingerprint.pb")
    outlet.publish([folder.parent])
    assert gcs_store.objects() == objects_of(1)


def test_a_version_that_was_taken_back_goes_model_first(store, workspace, watched):
    outlet = Outlet(workspace, store.address)
    for version in (1, 2):
        push(workspace, version)
    outlet.publish([workspace.pushed / NAME])
    store.put(f"{NAME}/readme.txt", b"of somebody else")
    shutil.rmtree(workspace.pushed / NAME / "2")
    watched.done.clear()
    assert outlet.publish([workspace.pushed / NAME]) == [store.address.below(f"{NAME}/1")]
    assert watched.done[0] == ("delete", f"{NAME}/2/saved_model.pb")
    assert store.objects() == objects_of(1) | {f"{NAME}/readme.txt": b"of somebody else"}


def test_others_versions_are_neither_touched_nor_joined(gcs_store, workspace, outlet):
    folder = push(workspace, 1)
    gcs_store.put(f"{NAME}/5/saved_model.pb", b"of another workspace")
    before = gcs_store.objects()
    told = refuse(outlet.publish, [folder.parent])
    assert f"this workspace alone, got {gcs_store.address}/{NAME}/5: choose another" in told
    assert "what was pushed here stands" in told
    assert "this workspace alone" in refuse(outlet.check, NAME)
    assert gcs_store.objects() == before
    assert not (workspace.folder / PUBLISH_FILE).exists()


def test_another_pipeline_of_the_prefix_is_left_alone(gcs_store, workspace, outlet):
    folder = push(workspace, 1)
    gcs_store.put("pages/5/saved_model.pb", b"of another workspace")
    outlet.publish([folder.parent])
    assert gcs_store.objects().keys() == {*objects_of(1), "pages/5/saved_model.pb"}


def test_a_bucket_that_fails_leaves_no_whole_looking_version_and_is_gone_on_with(
    gcs_store, workspace, outlet, watched
):
    folder = push(workspace, 1)

    def fail(name):
        if name.endswith("fingerprint.pb"):
            raise BucketError("no answer", "look at the network")

    watched.before = fail
    told = refuse(outlet.publish, [folder.parent])
    assert told.startswith(f"expected to publish to {gcs_store.address}, got no answer: look")
    assert "what was pushed here stands, and python -m pipeline.models publish" in told
    assert f"{NAME}/1/saved_model.pb" not in gcs_store.objects()
    done = {name for _, name in watched.done}
    assert done
    watched.done.clear()
    watched.before = lambda name: None
    outlet.publish([folder.parent])
    assert gcs_store.objects() == objects_of(1)
    assert not done & {name for _, name in watched.done}


def test_a_file_that_goes_away_meanwhile_is_told(gcs_store, workspace, outlet, watched):
    folder = push(workspace, 1)
    watched.before = lambda name: shutil.rmtree(folder, ignore_errors=True)
    told = refuse(outlet.publish, [folder.parent])
    assert "repeats the publishing" in told


def test_two_do_not_publish_at_once(gcs_store, workspace, outlet):
    folder = push(workspace, 1)
    with hold_publishing(workspace.folder):
        told = refuse(outlet.publish, [folder.parent])
    assert "another command is publishing" in told
    assert "what was pushed here stands" in told
    assert gcs_store.objects() == {}


def test_a_check_leaves_nothing_and_is_remembered(gcs_store, workspace, outlet):
    assert find_outlet(workspace) is None
    outlet.check(NAME, "pages")
    assert gcs_store.objects() == {}
    assert find_outlet(workspace).address == gcs_store.address
    other = BucketAddress("gs", "other")
    assert find_outlet(workspace, other).address == other


def test_a_bucket_that_cannot_be_used_is_refused_and_not_remembered(store, workspace):
    missing = BucketAddress(store.address.scheme, "missing-bucket", "models")
    told = refuse(Outlet(workspace, missing).check, NAME)
    assert told.startswith(f"expected a bucket to publish to, got {missing} with no bucket of this")
    assert find_outlet(workspace) is None


def test_a_bucket_that_must_not_be_written_is_refused(gcs_store, workspace, outlet, watched):
    def fail(name):
        raise BucketError("a refusal (AccessDenied)", "have the owner allow it")

    watched.before = fail
    assert "a refusal (AccessDenied): have the owner" in refuse(outlet.check, NAME)


def test_what_remembers_the_address_may_be_damaged(workspace):
    (workspace.folder / PUBLISH_FILE).write_text("somewhere")
    assert "expected an address as s3://" in refuse(find_outlet, workspace)


def test_a_model_that_was_copied_there_before_is_ours(gcs_store, workspace, outlet):
    folder = push(workspace, 1)
    for name, content in objects_of(1).items():
        gcs_store.put(name, content)
    outlet.check(NAME)
    outlet.publish([folder.parent])
    assert gcs_store.objects() == objects_of(1)
    os.utime(folder / "saved_model.pb")
    outlet.publish([folder.parent])
    assert gcs_store.objects() == objects_of(1)


def test_machines_that_share_artifacts_publish_to_one_bucket(store, tmp_path):
    machines = []
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        machines.append(Workspace(tmp_path / name))
        at = "elsewhere" if name == "three" else "runs"
        (tmp_path / name / ARTIFACTS_FILE).write_text(f"s3://artifacts/{at}\n")
    one, two, three = machines
    push(one, 1)
    Outlet(one, store.address).check(NAME)
    Outlet(one, store.address).publish([one.pushed / NAME])
    push(two, 2)
    Outlet(two, store.address).check(NAME)
    Outlet(two, store.address).publish([two.pushed / NAME])
    published = {name: each for name, each in store.objects().items() if name.startswith(NAME)}
    assert published == objects_of(1, 2)
    assert "of this workspace alone" in refuse(Outlet(three, store.address).check, NAME)
