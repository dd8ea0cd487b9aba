"""Two machines with one lineage and one bucket; the lineage is written as runs leave it."""

import shutil

import pytest

from pipeline.arguments import make_config, make_parser
from pipeline.claim import claim_database
from pipeline.models.join import join
from pipeline.models.promotion import rollback
from pipeline.models.restore import restore_pushed
from pipeline.workspace import ARTIFACTS_FILE, METADATA_FILE, Workspace
from schema.errors import InputError
from serving.model_folder import ready_versions


@pytest.fixture
def bucket(gcs_store):
    return gcs_store


@pytest.fixture
def first(recorded, bucket):
    """A machine whose two models were pushed, with its artifacts in the bucket."""
    (recorded.folder / ARTIFACTS_FILE).write_text(f"{bucket.address}\n")
    artifacts = recorded.workspace.artifacts
    recorded.models = []
    for name in "ab":
        model = recorded.train(name)
        place = f"{recorded.name}/Trainer/model/{model.id}"
        shutil.move(model.uri, artifacts.folder / place)
        model.uri = f"{bucket.address}/{place}"
        recorded.store.put_artifacts([model])
        artifacts.upload(model.uri)
        recorded.judge(model)
        version = str(len(recorded.models) + 1)
        content = f"{name} as pushed"
        folder = recorded.base_path / version
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_text(content)
        recorded._push(model, pushed=1, pushed_destination=str(folder), pushed_version=version)
        recorded.models.append(model)
    return recorded


@pytest.fixture
def second(first, bucket, tmp_path):
    """A machine with an empty workspace that sees the same database."""
    folder = tmp_path / "second"
    folder.mkdir()
    (folder / ARTIFACTS_FILE).write_text(f"{bucket.address}\n")
    shutil.copyfile(first.workspace.database, folder / "metadata.sqlite")
    return Workspace(folder)


def holds(folder):
    return (folder / "saved_model.pb").read_text()


def test_the_newest_push_comes_along(first, second):
    base_path = second.pushed / first.name
    assert restore_pushed(second) == [base_path / "2"]
    assert holds(base_path / "2") == "b"
    assert list(ready_versions(base_path)) == [2]
    assert restore_pushed(second) == []


def test_what_is_as_new_here_stays(first):
    assert restore_pushed(first.workspace) == []
    shutil.rmtree(first.base_path / "2")
    [restored] = restore_pushed(first.workspace)
    assert holds(restored) == "b"
    assert holds(first.base_path / "1") == "a as pushed"


def test_a_rollback_works_on_the_other_machine(first, second):
    restore_pushed(second)
    done = rollback(second, None, "ann", "it reads worse")
    assert done.model.model_id == first.models[0].id
    assert holds(done.version) == "a"
    assert max(ready_versions(second.pushed / first.name)) == int(done.version.name)


def test_files_that_are_gone_are_told(first, second, bucket, capsys):
    for name in bucket.objects():
        bucket.take_away(name)
    assert restore_pushed(second) == []
    assert f"version 2 of {first.name} serves elsewhere, and its files are gone: gs:" in (
        capsys.readouterr().err
    )


def test_without_a_bucket_or_runs_nothing_is_restored(bucket, tmp_path):
    assert restore_pushed(Workspace(tmp_path)) == []
    (tmp_path / ARTIFACTS_FILE).write_text(f"{bucket.address}\n")
    assert restore_pushed(Workspace(tmp_path)) == []


@pytest.mark.slow
def test_a_new_workspace_joins(recorded_on_server, server_database, bucket, tmp_path):
    name = recorded_on_server.name
    new = Workspace(tmp_path / "new")
    with pytest.raises(InputError, match=rf"artifacts in {bucket.address}, got {name} in None"):
        join(new, server_database, bucket.address)
    assert not (new.folder / ARTIFACTS_FILE).exists()
    first = tmp_path / "first"
    first.mkdir()
    given = ("--metadata", str(server_database), "--artifacts", str(bucket.address))
    parsed = make_parser("runner", "").parse_args(["--workspace", str(first), *given])
    claim_database(make_config(parsed))
    join(new, server_database, bucket.address)
    assert new.artifacts.address == bucket.address
    assert (new.folder / METADATA_FILE).read_text() == f"{server_database}\n"
    assert restore_pushed(new) == []
