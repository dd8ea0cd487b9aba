"""Buckets of S3, and of whatever speaks its protocol, through boto3.

boto3 finds credentials, region and endpoint where all programs for S3 do: in the environment (as
AWS_PROFILE, AWS_ENDPOINT_URL), in ~/.aws, or from the machine's role.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import boto3
import urllib3.exceptions
from botocore import exceptions
from botocore.config import Config

from pipeline.buckets.address import BucketAddress
from pipeline.buckets.bucket import (
    CONNECT_SECONDS,
    READ_SECONDS,
    THREADS,
    BucketError,
    StoredObject,
    changed,
)

_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=THREADS,
)
_BLOCK = 1 << 20  # bytes
_READ_ATTEMPTS = 3  # boto3 takes up no body that breaks off
_DELETED_AT_ONCE = 1000  # as many as S3 allows

_NO_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.TokenRetrievalError,
    exceptions.ProfileNotFound,
)
_BROKEN_OFF = (
    exceptions.ConnectionError,
    exceptions.HTTPClientError,
    exceptions.IncompleteReadError,
    urllib3.exceptions.HTTPError,
)
_REFUSED_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_FORBIDDEN = {"AccessDenied", "AllAccessDisabled", "403"}
_OTHER_VERSION = {"PreconditionFailed", "412", "NoSuchKey"}


class S3Bucket:
    """The objects under an address of S3.

    Raises:
      BucketError: boto3's configuration cannot be used.
    """

    def __init__(self, address: BucketAddress) -> None:
        self._bucket, self._root = address.bucket, address.root
        with _told():
            self._client = boto3.session.Session().client("s3", config=_CONFIG)

    def find(self, below: str = "") -> Iterator[StoredObject]:
        """Yields the objects whose names begin with a text."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._root + below
        )
        with _told():
            for page in pages:
                for item in page.get("Contents", ()):
                    name = item["Key"].removeprefix(self._root)
                    modified = int(item["LastModified"].timestamp())
                    yield StoredObject(name, item["Size"], item["ETag"], modified)

    def read(self, stored: StoredObject, file: BinaryIO) -> None:
        """Writes an object into a file, as the very version that was listed."""
        for _ in range(_READ_ATTEMPTS - 1):
            try:
                self._read(stored, file)
                return
            except _BROKEN_OFF:
                file.seek(0)
                file.truncate()
        with _told():
            self._read(stored, file)

    def write(self, name: str, path: Path) -> str:
        """Makes an object of a file: whole, or not at all; returns its stamp."""
        with _told(), path.open("rb") as file:
            done = self._client.put_object(Bucket=self._bucket, Key=self._root + name, Body=file)
        return str(done["ETag"])

    def delete(self, names: Sequence[str]) -> None:
        """Deletes objects; none of them need be there."""
        for start in range(0, len(names), _DELETED_AT_ONCE):
            some = names[start : start + _DELETED_AT_ONCE]
            objects = [{"Key": self._root + name} for name in some]
            with _told():
                done = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True}
                )
            for failed in done.get("Errors", ()):
                raise _refused(failed["Code"])

    def _read(self, stored: StoredObject, file: BinaryIO) -> None:
        try:
            body = self._client.get_object(
                Bucket=self._bucket, Key=self._root + stored.name, IfMatch=stored.stamp
            )["Body"]
        except exceptions.ClientError as error:
            if _code(error) in _OTHER_VERSION:
                raise changed(stored.name) from None
            raise _of_client(error) from None
        for block in body.iter_chunks(_BLOCK):
            file.write(block)


@contextmanager
def _told() -> Iterator[None]:
    """Turns what boto3 raises into a `BucketError`."""
    try:
        yield
    except exceptions.ClientError as error:
        raise _of_client(error) from None
    except _NO_CREDENTIALS as error:
        raise BucketError(
            f"no credentials for it ({error})",
            "give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        ) from None
    except (exceptions.BotoCoreError, urllib3.exceptions.HTTPError, ValueError) as error:
        raise BucketError(
            f"no answer ({' '.join(str(error).split())})",
            "look at the network and at AWS_ENDPOINT_URL, where it is set",
        ) from None


def _code(error: exceptions.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) or "no code"


def _of_client(error: exceptions.ClientError) -> BucketError:
    return _refused(_code(error))


def _refused(code: str) -> BucketError:
    if code == "NoSuchBucket":
        return BucketError("no bucket of this name", "correct it, or make it")
    if code in _REFUSED_CREDENTIALS:
        return BucketError(
            f"a refusal of the credentials ({code})",
            "renew AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        )
    if code in _FORBIDDEN:
        return BucketError(
            f"a refusal ({code})", "have the bucket's owner allow it to whom the credentials name"
        )
    return BucketError(f"the error {code}", "run again later, or look up what it means")
