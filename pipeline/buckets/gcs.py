"""Buckets of Google Cloud Storage, through its own client, which TFX brings.

It finds credentials where all of Google's programs do (GOOGLE_APPLICATION_CREDENTIALS, gcloud's
application default login, the machine's service account), and honours STORAGE_EMULATOR_HOST.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import requests
from google.api_core import exceptions
from google.auth import exceptions as auth_exceptions
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from pipeline.buckets.address import BucketAddress
from pipeline.buckets.bucket import (
    CONNECT_SECONDS,
    READ_SECONDS,
    BucketError,
    StoredObject,
    changed,
)

_TIMEOUT = (CONNECT_SECONDS, READ_SECONDS)
_ASK_AGAIN = DEFAULT_RETRY.with_timeout(8.0)
_TRANSFER_AGAIN = DEFAULT_RETRY.with_timeout(30.0)
"""How long a request that failed is tried anew, in seconds."""
_CHECKSUM = "crc32c"
_FIELDS = "items(name,size,generation,updated),nextPageToken"


class GcsBucket:
    """The objects under an address of Google Cloud Storage.

    Raises:
      BucketError: there are no credentials.
    """

    def __init__(self, address: BucketAddress) -> None:
        self._root = address.root
        with _told():
            self._client = storage.Client(project=None)
            self._bucket = self._client.bucket(address.bucket)

    def find(self, below: str = "") -> Iterator[StoredObject]:
        """Yields the objects whose names begin with a text."""
        with _told():
            for blob in self._client.list_blobs(
                self._bucket,
                prefix=self._root + below,
                fields=_FIELDS,
                timeout=_TIMEOUT,
                retry=_ASK_AGAIN,
            ):
                name = blob.name.removeprefix(self._root)
                modified = int(blob.updated.timestamp()) if blob.updated else None
                yield StoredObject(name, blob.size, str(blob.generation), modified)

    def read(self, stored: StoredObject, file: BinaryIO) -> None:
        """Writes an object into a file, as the very version that was listed."""
        with _told():
            try:
                self._bucket.blob(self._root + stored.name).download_to_file(
                    file,
                    raw_download=True,  # bytes as they are stored, whatever their encoding says
                    if_generation_match=int(stored.stamp),
                    timeout=_TIMEOUT,
                    retry=_TRANSFER_AGAIN,
                    checksum=_CHECKSUM,
                )
            except (exceptions.PreconditionFailed, exceptions.NotFound):
                raise changed(stored.name) from None

    def write(self, name: str, path: Path) -> str:
        """Makes an object of a file: whole, or not at all; returns its stamp."""
        blob = self._bucket.blob(self._root + name)
        with _told():
            blob.upload_from_filename(
                str(path), timeout=_TIMEOUT, retry=_TRANSFER_AGAIN, checksum=_CHECKSUM
            )
        return str(blob.generation)

    def delete(self, names: Sequence[str]) -> None:
        """Deletes objects; none of them need be there."""
        for name in names:
            with _told():
                try:
                    self._bucket.blob(self._root + name).delete(timeout=_TIMEOUT, retry=_ASK_AGAIN)
                except exceptions.NotFound:
                    continue


@contextmanager
def _told() -> Iterator[None]:
    """Turns what Google's clients raise into a `BucketError`."""
    try:
        yield
    except auth_exceptions.DefaultCredentialsError as error:
        raise BucketError(
            f"no credentials for it ({_one_line(error)})",
            "name a key file in GOOGLE_APPLICATION_CREDENTIALS, or log in with gcloud auth "
            "application-default login",
        ) from None
    except auth_exceptions.RefreshError as error:
        raise BucketError(
            f"a refusal of the credentials ({_one_line(error)})",
            "renew what GOOGLE_APPLICATION_CREDENTIALS names, or log in anew",
        ) from None
    except exceptions.NotFound:
        raise BucketError("no bucket of this name", "correct it, or make it") from None
    except (exceptions.Forbidden, exceptions.Unauthorized) as error:
        raise BucketError(
            f"a refusal ({_one_line(error)})",
            "have the bucket's owner allow it to whom the credentials name",
        ) from None
    except (exceptions.GoogleAPICallError, DataCorruption) as error:
        raise BucketError(
            f"the error {_one_line(error)}", "run again later, or look up what it means"
        ) from None
    except (
        exceptions.GoogleAPIError,
        auth_exceptions.GoogleAuthError,
        requests.RequestException,
        InvalidResponse,
        ValueError,
    ) as error:
        raise BucketError(
            f"no answer ({_one_line(error)})",
            "look at the network and at STORAGE_EMULATOR_HOST, where it is set",
        ) from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
