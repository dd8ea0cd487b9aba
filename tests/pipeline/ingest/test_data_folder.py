import pickle

import pytest

from pipeline.buckets.fetch import fetch
from pipeline.ingest.data_folder import DataFolder
from schema.errors import InputError


@pytest.fixture
def mirror(gcs_store, tmp_path):
    for name in ("a.png", "b.png", "deep/c.png"):
        gcs_store.put(name, name.encode())
    return fetch(gcs_store.address, tmp_path)


def sent(data):
    return pickle.loads(pickle.dumps(data))


def test_workers_that_see_the_folder_get_it(tmp_path):
    data = DataFolder(tmp_path)
    assert data.versions_of([tmp_path / "a.png"]) == ()
    with sent(data).open(()) as folder:
        assert folder == tmp_path


def test_far_workers_get_the_files_that_they_are_told_of(mirror):
    data = DataFolder(mirror, far=True)
    versions = data.versions_of([mirror / "a.png", mirror / "deep/c.png"])
    with sent(data).open(versions) as folder:
        assert folder != mirror
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}
        assert found == {"a.png", "deep/c.png"}
        assert (folder / "deep/c.png").read_bytes() == b"deep/c.png"
    assert len(data.all_versions()) == 3
    assert len(pickle.dumps(data)) < 1000  # whatever the number of files


def test_data_that_changes_after_it_was_planned_is_told(mirror, gcs_store):
    data = DataFolder(mirror, far=True)
    versions = data.versions_of([mirror / "b.png"])
    gcs_store.put("b.png", b"another")
    with pytest.raises(InputError, match=r"another version of b\.png"):
        sent(data).open(versions).__enter__()


def test_far_workers_need_data_in_a_bucket(tmp_path):
    with pytest.raises(InputError, match="--data-dir gs://"):
        DataFolder(tmp_path, far=True)
