"""A folder by which this process and Beam's workers hand each other files: on a mount, or a bucket.

Whoever reads or writes sees a real folder, in which files can be sought in and mapped into memory.
On a mount it is the folder itself; of a bucket it is one of this machine that lasts as long as the
block, filled before it or copied up after it. The other stages of the pipeline see folders alone.
"""

import os
import platform
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.buckets.address import BucketAddress, parse_place
from pipeline.buckets.bucket import Bucket, BucketError, StoredObject, changed, connect, spread
from schema.errors import InputError

_PREFIX = "handwriting-shared-"


class SharedFolder:
    """Files under a path or an address; travels to workers, which connect to it themselves.

    Args:
      uri: a folder that all see, or `gs://BUCKET/PREFIX`.
    """

    def __init__(self, uri: str) -> None:
        self._place = parse_place(uri)
        self._bucket: Bucket | None = None

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_bucket": None}

    @property
    def in_bucket(self) -> bool:
        """Whether it lies in a bucket, so that workers see no other folder either."""
        return isinstance(self._place, BucketAddress)

    @contextmanager
    def put(self) -> Iterator[Path]:
        """Lends a folder to write to; what it holds when the block ends well is there for all.

        Raises:
          InputError: the bucket cannot be written.
        """
        if isinstance(self._place, Path):
            yield self._place
            return
        with tempfile.TemporaryDirectory(prefix=_PREFIX) as made:
            folder = Path(made)
            yield folder
            written = [path for path in folder.rglob("*") if path.is_file()]
            with self._connected(self._place, "write to") as bucket:
                _each(lambda path: bucket.write(path.relative_to(folder).as_posix(), path), written)

    @contextmanager
    def take(self, *names: str) -> Iterator[Path]:
        """Lends a folder that holds the named files, as they are now, until the block ends.

        Raises:
          InputError: the bucket cannot be read, or has not all of them.
        """
        if isinstance(self._place, Path):
            yield self._place
            return
        with self._connected(self._place, "read") as bucket:
            below = os.path.commonprefix(names)  # noqa: RUF071 - names are texts to a bucket
            found = {each.name: each for each in bucket.find(below)}
            for name in names:
                if name not in found:
                    raise BucketError(f"no {name}", "run again once nobody deletes there")
        with self.take_versions([found[name] for name in names]) as folder:
            yield folder

    @contextmanager
    def take_versions(self, objects: Sequence[StoredObject]) -> Iterator[Path]:
        """Lends a folder that holds objects as they were listed, until the block ends.

        Args:
          objects: as the bucket listed them; on a mount none need be named.

        Raises:
          InputError: the bucket cannot be read, or has another version of one.
        """
        if isinstance(self._place, Path):
            yield self._place
            return
        with tempfile.TemporaryDirectory(prefix=_PREFIX) as made:
            with self._connected(self._place, "read") as bucket:
                _each(lambda stored: _read(bucket, stored, Path(made)), objects)
            yield Path(made)

    @contextmanager
    def _connected(self, address: BucketAddress, to_do: str) -> Iterator[Bucket]:
        """Lends the bucket, and says in one line why it cannot be used."""
        try:
            self._bucket = self._bucket or connect(address)
            yield self._bucket
        except BucketError as error:
            raise InputError(
                f"expected {platform.node()} to {to_do} {address}, got {error.what}: {error.remedy}"
            ) from None


def _each(work: Any, items: Sequence[Any]) -> None:
    for _ in spread(work, items, threading.Event()):
        pass


def _read(bucket: Bucket, stored: StoredObject, folder: Path) -> None:
    path = folder / stored.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        bucket.read(stored, file)
    if path.stat().st_size != stored.size:
        raise changed(stored.name)
