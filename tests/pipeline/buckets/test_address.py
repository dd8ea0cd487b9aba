from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.buckets.address import BucketAddress, is_safe, parse_address, parse_place
from schema.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/a/b", BucketAddress("s3", "bucket", "a/b")),
        ("gs://my.bucket_1/a/", BucketAddress("gs", "my.bucket_1", "a")),
        ("s3://bucket", BucketAddress("s3", "bucket")),
        ("s3://bucket/", BucketAddress("s3", "bucket")),
    ],
)
def test_addresses_are_read(text, expected):
    assert parse_address(text) == expected
    assert parse_address(str(expected)) == expected


def test_what_is_no_address_is_a_folder():
    assert parse_place("data/lines") == Path("data/lines")
    assert parse_place("gs://bucket/lines") == BucketAddress("gs", "bucket", "lines")


@pytest.mark.parametrize(
    "text",
    [
        "hdfs://node/data",
        "S3://bucket/a",
        "s3:///a",
        "s3://b",
        "s3://bucket/a//b",
        "s3://bucket/../b",
        "s3://bucket/a\nb",
        "s3://user:password@bucket/a",
    ],
)
def test_other_addresses_are_refused_in_one_line(text):
    with pytest.raises(InputError, match="expected an address as s3://BUCKET/PREFIX") as refused:
        parse_place(text)
    assert "\n" not in str(refused.value)


def test_keys_begin_with_the_root():
    assert BucketAddress("s3", "bucket").root == ""
    assert BucketAddress("s3", "bucket", "a/b").root == "a/b/"
    assert str(BucketAddress("s3", "bucket").below("x/1")) == "s3://bucket/x/1"
    assert str(BucketAddress("s3", "bucket", "a").below("x/1")) == "s3://bucket/a/x/1"


def test_each_address_has_a_file_name_of_its_own():
    addresses = (
        "s3://bucket/a/b",
        "s3://bucket/a-b",
        "gs://bucket/a/b",
        "s3://bucket",
        "s3://b-a/b",
    )
    names = {parse_address(address).file_name for address in addresses}
    assert len(names) == len(addresses)
    assert all("/" not in name for name in names)


@given(st.text(st.sampled_from("a./\\\0 \n-ä"), min_size=1))
def test_a_safe_name_stays_inside(name):
    if is_safe(name):
        path = PurePosixPath("/mirror/files") / name
        assert path.is_relative_to("/mirror/files")
        assert ".." not in path.parts
        assert path.relative_to("/mirror/files").as_posix() == name


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a/", "a/./b", "..", "", "a\0b", "a\nb"])
def test_names_that_leave_the_folder_are_unsafe(name):
    assert not is_safe(name)
