"""What the buckets of S3 and Google Cloud Storage have in common; light to import.

`s3` and `gcs` implement it. Every wait is bounded: a server that does not answer is told of within
seconds, where Beam's own filesystems would try for minutes (docs/decisions/0050).
"""

import importlib.util
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from pipeline.buckets.address import S3, BucketAddress

THREADS = 8
"""Objects that are transferred at once: most are small, and each costs a request's time."""

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
"""To wait for a connection, and for the next bytes."""

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class BucketError(Exception):
    """A bucket cannot be used.

    Args:
      what: came, as in "no bucket of this name".
      remedy: what to do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}: {remedy}")
        self.what, self.remedy = what, remedy


@dataclass(frozen=True)
class StoredObject:
    """An object as the bucket lists it.

    Args:
      name: below the address's prefix.
      size: in bytes.
      stamp: another one whenever the content is another one.
      modified: when it was written, in seconds since 1970; None where the bucket does not tell.
    """

    name: str
    size: int
    stamp: str
    modified: int | None = None


class Bucket(Protocol):
    """Objects under an address; their names are those below its prefix.

    Every method raises `BucketError` where the bucket refuses or does not answer.
    """

    def find(self, below: str = "") -> Iterator[StoredObject]:
        """Yields the objects whose names begin with a text."""

    def read(self, stored: StoredObject, file: BinaryIO) -> None:
        """Writes an object into a file, as the very version that was listed."""

    def write(self, name: str, path: Path) -> str:
        """Makes an object of a file: whole, or not at all; returns its stamp."""

    def delete(self, names: Sequence[str]) -> None:
        """Deletes objects; none of them need be there."""


def connect(address: BucketAddress) -> Bucket:
    """Returns the bucket of an address; nothing is asked of it yet.

    Raises:
      BucketError: what speaks to it is not installed, or no credentials are found.
    """
    if address.scheme == S3:
        if importlib.util.find_spec("boto3") is None:
            raise BucketError(
                "no package boto3, which speaks to it",
                "install it as requirements.lock has it, or the extra 's3'",
            )
        from pipeline.buckets.s3 import S3Bucket

        return S3Bucket(address)
    with warnings.catch_warnings():
        # Google's clients tell of Python versions that they will not support for ever.
        warnings.simplefilter("ignore", FutureWarning)
        from pipeline.buckets.gcs import GcsBucket

    return GcsBucket(address)


def try_writing(bucket: Bucket, name: str = ".write-check") -> None:
    """Writes an empty object and deletes it.

    Args:
      bucket: that shall take objects.
      name: of the object, which nobody else uses.

    Raises:
      BucketError: it takes none.
    """
    with tempfile.NamedTemporaryFile() as empty:
        bucket.write(name, Path(empty.name))
    bucket.delete([name])


def changed(name: str) -> BucketError:
    """Returns the error of an object that is another one than was listed."""
    return BucketError(
        f"another version of {name} while it was fetched",
        "run again once nobody writes there",
    )


def spread(
    work: Callable[[Item], Outcome], items: Iterable[Item], stop: threading.Event
) -> Iterator[tuple[Item, Outcome]]:
    """Yields each item with what its work came to, as `THREADS` of them finish.

    Args:
      work: of one item; it may look at `stop` to end early.
      items: any number of them; a few are taken ahead.
      stop: is set when the first one fails, or the caller stops asking.
    """
    waiting: dict[Future[Outcome], Item] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for item in items:
                waiting[pool.submit(work, item)] = item
                if len(waiting) >= 2 * THREADS:
                    yield from _take_done(waiting)
            while waiting:
                yield from _take_done(waiting)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _take_done(waiting: dict[Future[Outcome], Item]) -> Iterator[tuple[Item, Outcome]]:
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        yield waiting.pop(future), future.result()
