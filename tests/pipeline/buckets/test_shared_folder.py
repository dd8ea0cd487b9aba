import pickle

import pytest

from pipeline.buckets.shared_folder import SharedFolder
from schema.errors import InputError
from tests.pipeline.buckets.stores import BUCKET


@pytest.fixture(params=["folder", "bucket"])
def uri(request, tmp_path):
    if request.param == "folder":
        return str(tmp_path)
    return str(request.getfixturevalue("gcs_store").address.below("shared"))


def write(uri, **files):
    with SharedFolder(uri).put() as folder:
        for name, text in files.items():
            (folder / name).write_text(text)


def test_what_one_puts_another_takes(uri):
    write(uri, one="1", one_more="2")
    write(uri, other="3")
    shared = pickle.loads(pickle.dumps(SharedFolder(uri)))
    with shared.take("one", "other") as folder:
        assert [(folder / name).read_text() for name in ("one", "other")] == ["1", "3"]
    with pickle.loads(pickle.dumps(shared)).take("one_more") as folder:
        assert (folder / "one_more").read_text() == "2"


def test_a_copy_of_a_bucket_lasts_as_long_as_the_block(gcs_store):
    uri = str(gcs_store.address)
    write(uri, one="1")
    with SharedFolder(uri).take("one") as folder:
        assert folder.is_dir()
    assert not folder.exists()


def test_who_fails_puts_nothing(gcs_store):
    shared, half = SharedFolder(str(gcs_store.address)), "half"
    with pytest.raises(FileNotFoundError), shared.put() as folder:
        (folder / half).write_text((folder / "no source").read_text())
    assert not folder.exists()
    assert not gcs_store.objects()


def test_what_is_not_there_is_named(gcs_store):
    write(str(gcs_store.address), one="1")
    with pytest.raises(InputError, match=r"read gs://.*got no two") as error:
        SharedFolder(str(gcs_store.address)).take("one", "two").__enter__()
    assert "\n" not in str(error.value)


def test_an_object_that_was_changed_is_not_taken(gcs_store):
    gcs_store.put("one", b"1")
    [listed] = _list(gcs_store)
    gcs_store.put("one", b"2")
    with pytest.raises(InputError, match="another version of one"):
        SharedFolder(str(gcs_store.address)).take_versions([listed]).__enter__()


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_bucket_that_refuses_is_told_in_one_line(gcs_store, status):
    gcs_store.contents.refused = status
    for doing, name in (("write to", "put"), ("read", "take")):
        block = getattr(SharedFolder(f"gs://{BUCKET}/x"), name)
        with (
            pytest.raises(InputError, match=f"{doing} gs://{BUCKET}/x") as error,
            block() as folder,
        ):
            (folder / "one").write_text("1")
        assert "\n" not in str(error.value)


def _list(store):
    from pipeline.buckets.bucket import connect

    return list(connect(store.address).find())
