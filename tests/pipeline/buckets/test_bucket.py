"""What both kinds of bucket do, and what they say of whatever is wrong."""

import io
import threading
import time

import pytest

from pipeline.buckets import bucket as module
from pipeline.buckets.address import BucketAddress
from pipeline.buckets.bucket import THREADS, BucketError, connect, spread
from tests.pipeline.buckets.stores import BUCKET

UNUSED = "http://127.0.0.1:9"


def read(bucket, stored):
    file = io.BytesIO()
    bucket.read(stored, file)
    return file.getvalue()


@pytest.mark.parametrize("content", [b"", b"\r\n--ink\r\n\r\n", bytes(range(256)) * 40_000])
def test_what_is_written_is_found_and_read(store, tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    bucket = connect(store.address)
    stamp = bucket.write("a/b c+ä%.png", tmp_path / "file")
    assert store.objects() == {"a/b c+ä%.png": content}
    (found,) = bucket.find()
    assert (found.name, found.size, found.stamp) == ("a/b c+ä%.png", len(content), stamp)
    assert read(bucket, found) == content


def test_many_are_found_and_deleted(store):
    names = [f"a/{number}" for number in range(8)]
    for name in (*names, "b/0"):
        store.put(name, b"x")
    bucket = connect(store.address)
    assert sorted(found.name for found in bucket.find("a/")) == names
    bucket.delete([*names, "not there"])
    assert set(store.objects()) == {"b/0"}


def test_another_version_than_was_listed_is_not_read(store):
    store.put("a", b"one")
    bucket = connect(store.address)
    (found,) = bucket.find()
    store.put("a", b"two")
    with pytest.raises(BucketError, match="another version of a while it was fetched"):
        read(bucket, found)
    store.take_away("a")
    with pytest.raises(BucketError, match="another version of a while it was fetched"):
        read(bucket, found)


def test_a_missing_bucket_is_named_as_one(store):
    other = BucketAddress(store.address.scheme, "missing-bucket")
    with pytest.raises(BucketError, match="no bucket of this name"):
        list(connect(other).find())


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "STORAGE_EMULATOR_HOST"])
def test_an_address_that_does_not_answer_is_told_of_within_seconds(request, monkeypatch, variable):
    store = request.getfixturevalue("s3_store" if variable.startswith("AWS") else "gcs_store")
    monkeypatch.setenv(variable, UNUSED)
    started = time.monotonic()
    with pytest.raises(BucketError, match=f"no answer .*{variable}"):
        list(connect(store.address).find())
    assert time.monotonic() - started < 20


def test_s3_without_its_package(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(BucketError, match=r"no package boto3.* the extra 's3'"):
        connect(BucketAddress("s3", BUCKET))


def test_s3_without_credentials(s3_store, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(BucketError, match=r"no credentials .*AWS_PROFILE"):
        list(connect(s3_store.address).find())


def test_s3_with_a_profile_that_is_not_there(s3_store, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(BucketError, match=r"no credentials .*nobody"):
        list(connect(s3_store.address).find())


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDenied", "a refusal .AccessDenied.: have the bucket's owner allow it"),
        ("ExpiredToken", "a refusal of the credentials .ExpiredToken.: renew"),
        ("InternalError", "the error InternalError: run again later"),
    ],
)
def test_s3_says_no(s3_store, code, told):
    from botocore.exceptions import ClientError

    bucket = connect(s3_store.address)

    def fail(**_):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DeleteObjects")

    bucket._client.meta.events.register(
        "before-send.s3.DeleteObjects", lambda **given: fail(**given)
    )
    with pytest.raises(BucketError, match=told):
        bucket.delete(["a"])


def test_gcs_without_credentials(monkeypatch, tmp_path):
    from google.auth import _default

    for name in ("STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setattr(_default, "_get_gce_credentials", lambda *_, **__: (None, None))
    with pytest.raises(BucketError, match=r"no credentials .*GOOGLE_APPLICATION_CREDENTIALS"):
        list(connect(BucketAddress("gs", BUCKET)).find())


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (403, "a refusal .*not for you.*: have the bucket's owner allow it"),
        (400, "the error 400 .* run again later"),
    ],
)
def test_gcs_says_no(gcs_store, status, told):
    gcs_store.contents.refused = status
    with pytest.raises(BucketError, match=told) as refused:
        list(connect(gcs_store.address).find())
    assert "\n" not in str(refused.value)


def test_work_is_spread_and_the_first_failure_stops_it():
    done, stop = [], threading.Event()

    def work(number):
        if number == 20:
            raise ValueError("twenty")
        return number * 2

    with pytest.raises(ValueError, match="twenty"):
        done.extend(spread(work, range(1_000), stop))
    stop = threading.Event()
    assert sorted(spread(work, range(20), stop)) == [(n, n * 2) for n in range(20)]
    assert stop.is_set()


def test_few_items_are_taken_ahead():
    taken = []

    def items():
        for number in range(1_000):
            taken.append(number)
            yield number

    results = spread(lambda number: number, items(), threading.Event())
    next(results)
    assert len(taken) <= 2 * THREADS
    results.close()
