"""TFX's own calls on places in buckets: is it there, is it a folder, away with it.

TFX asks through `fileio`, which has S3 only where TensorFlow was built with it, and no bounds of
time for either kind. Buckets have no folders: making one is nothing, and one is there as long as an
object is below it.
"""

import functools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from tfx.dsl.io import filesystem, filesystem_registry
from tfx.dsl.io.filesystem_registry import FilesystemRegistry
from tfx.dsl.io.plugins.local import LocalFilesystem
from tfx.dsl.io.plugins.tensorflow_gfile import TensorflowFilesystem

from pipeline.buckets.address import GCS, S3, BucketAddress, parse_address
from pipeline.buckets.artifacts import COMPLETE
from pipeline.buckets.bucket import Bucket, BucketError, connect
from schema.errors import InputError

_FIRST, _SECOND, _LAST = 1, 2, 3  # priorities

_connect = functools.cache(connect)
_log = logging.getLogger(__name__)


class BucketFilesystem(filesystem.Filesystem):
    """What TFX's drivers and launchers ask of a pipeline root; nothing is opened by it."""

    SUPPORTED_SCHEMES: ClassVar = [f"{S3}://", f"{GCS}://"]

    @staticmethod
    def exists(path: filesystem.PathType) -> bool:
        """Whether there is an object of this name, or one below it."""
        with _asked(path) as (bucket, name):
            below = any(True for _ in bucket.find(f"{name}/"))
            return below or any(each.name == name for each in bucket.find(name))

    @staticmethod
    def isdir(path: filesystem.PathType) -> bool:
        """Whether it may have objects below it, as every name may."""
        return bool(path)

    @staticmethod
    def makedirs(path: filesystem.PathType) -> None:
        """Does nothing: objects need no folder."""

    @staticmethod
    def mkdir(path: filesystem.PathType) -> None:
        """Does nothing: objects need no folder."""

    @staticmethod
    def rmtree(path: filesystem.PathType) -> None:
        """Deletes what is below it, if anything is; what cannot be deleted stays, and is logged.

        TFX calls it for what nobody asks for later, and while it handles the error that matters.
        """
        try:
            with _asked(path) as (bucket, name):
                if found := [each.name for each in bucket.find(f"{name}/")]:
                    bucket.delete(found)
        except InputError as error:
            _log.warning("nothing was deleted: %s", error)


class MarklessFilesystem(TensorflowFilesystem):
    """TensorFlow's, without the marks of complete artifacts: TFX expects a schema alone."""

    SUPPORTED_SCHEMES: ClassVar = [f"{GCS}://"]

    @staticmethod
    def listdir(path: filesystem.PathType) -> list[filesystem.PathType]:
        """Returns the names in a folder."""
        return [name for name in TensorflowFilesystem.listdir(path) if name != COMPLETE]


@contextmanager
def bucket_filesystem() -> Iterator[None]:
    """Has `fileio` go to buckets through our own clients, inside the block."""
    try:
        with _preferred(BucketFilesystem):
            yield
    finally:
        _connect.cache_clear()


@contextmanager
def far_filesystem() -> Iterator[None]:
    """Has `fileio` go to buckets through TensorFlow's clients as without us, inside the block."""
    with _preferred(MarklessFilesystem):
        yield


@contextmanager
def _preferred(ours: type[filesystem.Filesystem]) -> Iterator[None]:
    """Has `fileio` ask a filesystem of ours first, and then those that TFX has itself."""
    registry = FilesystemRegistry()
    registry.register(ours, _FIRST)
    registry.register(TensorflowFilesystem, _SECOND, use_as_fallback=True)
    registry.register(LocalFilesystem, _LAST)
    before = filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY
    filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY = registry
    try:
        yield
    finally:
        filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY = before


@contextmanager
def _asked(path: filesystem.PathType) -> Iterator[tuple[Bucket, str]]:
    """Yields the bucket of a place and the name of its object."""
    place = parse_address(path.decode() if isinstance(path, bytes) else path)
    try:
        yield _connect(BucketAddress(place.scheme, place.bucket)), place.prefix
    except BucketError as error:
        raise InputError(f"expected to look at {place}, got {error.what}: {error.remedy}") from None
