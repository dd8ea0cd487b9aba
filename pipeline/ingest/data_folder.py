"""The folder of the data as workers get at it: the same folder, or a bucket that it mirrors.

Between the plans, which look at the folder on the machine of the run, and the workers. Where these
see only a bucket, they are told which version of each file was planned, and fetch that one.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.buckets.bucket import StoredObject
from pipeline.buckets.fetch import read_mirror
from pipeline.buckets.shared_folder import SharedFolder
from schema.errors import InputError


class DataFolder:
    """The data, on the machine of the run; travels to workers.

    Args:
      folder: there.
      far: whether workers do not see it, and read the bucket that it mirrors instead.

    Raises:
      InputError: they would, but it is no mirror.
    """

    def __init__(self, folder: Path, far: bool = False) -> None:
        self.folder = folder
        self._shared = SharedFolder(str(folder))
        self._versions: dict[str, StoredObject] = {}
        if not far:
            return
        mirror = read_mirror(folder)
        if mirror is None:
            raise InputError(
                f"expected data in a bucket, which is all that the workers see, got {folder}: copy "
                "it there and give --data-dir gs://BUCKET/PREFIX"
            )
        address, self._versions = mirror
        self._shared = SharedFolder(str(address))

    def __getstate__(self) -> dict[str, object]:
        return vars(self) | {"_versions": {}}  # a worker is told those that it needs

    def versions_of(self, files: Iterable[Path]) -> tuple[StoredObject, ...]:
        """Returns what workers are to fetch for some files; nothing where they see the folder."""
        if not self._versions:
            return ()
        return tuple(self._versions[path.relative_to(self.folder).as_posix()] for path in files)

    def all_versions(self) -> tuple[StoredObject, ...]:
        """Returns what workers are to fetch to have all of the data."""
        return tuple(self._versions.values())

    @contextmanager
    def open(self, versions: Sequence[StoredObject]) -> Iterator[Path]:
        """Lends a worker a folder with these files, which is the folder itself where it sees it.

        Raises:
          InputError: the bucket cannot be read, or has another version of one.
        """
        with self._shared.take_versions(versions) as folder:
            yield folder
