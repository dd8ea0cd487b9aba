"""Artifacts of all stages in a bucket, and mirrors of those that are needed on this machine.

`ADDRESS/PIPELINE/NODE/KEY/ID` holds what `WORKSPACE/artifacts/PIPELINE/NODE/KEY/ID` does. No file
of an artifact changes once it is complete: where its folder is here, the bucket is asked nothing.
TFX's side of it is `pipeline.artifact_operator`.
"""

import io
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from pipeline.buckets.address import BucketAddress
from pipeline.buckets.bucket import Bucket, BucketError, StoredObject, connect, spread, try_writing
from pipeline.buckets.fetch import FILES, follow
from schema.errors import InputError

MIRRORS = "artifacts"
"""The folder of a workspace that holds them."""
COMPLETE = ".complete"
"""An object of every artifact, written last: JSON of the others' names and sizes."""

_DRAFTS = ".fetching"
_PROBE = ".artifacts-check"
_DEPTH = 4  # of an artifact's folder: pipeline, node, key, execution


@dataclass(frozen=True)
class Artifacts:
    """Where artifacts are kept.

    Args:
      folder: on this machine.
      address: of the bucket that has all of them; None where the folder has.
    """

    folder: Path
    address: BucketAddress | None = None

    def __str__(self) -> str:
        return str(self.address or self.folder)

    def root(self, pipeline: str) -> str:
        """Returns what the places of a pipeline's artifacts begin with in ML Metadata."""
        return f"{self}/{pipeline}"

    def check(self) -> None:
        """Looks whether the bucket, if there is one, can be written.

        Raises:
          InputError: it cannot.
        """
        if self.address is None:
            return
        with _told("expected a bucket to keep artifacts in", self.address) as bucket:
            try_writing(bucket, _PROBE)

    def to_local(self, text: str) -> str:
        """Returns a text with places here instead of those in the bucket."""
        return text.replace(f"{self.address}/", f"{self.folder}/") if self.address else text

    def to_address(self, text: str) -> str:
        """Returns a text with places in the bucket instead of those here."""
        return text.replace(f"{self.folder}/", f"{self.address}/") if self.address else text

    def path_of(self, uri: str) -> Path:
        """Returns where an artifact is on this machine, or would be once it was fetched."""
        return Path(self.to_local(uri))

    def local(self, uri: str | Path) -> Path:
        """Returns an artifact, or a part of it, on this machine; fetches it where it is needed.

        What the bucket does not have at all is not there afterwards either, as where somebody has
        deleted a folder: TFX makes it anew.

        Args:
          uri: as ML Metadata has it, or a path as of `path_of`.

        Raises:
          InputError: the bucket cannot be read or has only a part of it, or there is no room.
        """
        path = self.path_of(str(uri))
        address = self._address_of(path)
        if address is not None:
            folder = self.path_of(str(address))
            if not folder.exists():
                self._fetch(address, folder)
        return path

    def upload(self, uri: str) -> None:
        """Has the bucket hold an artifact that was made here, or what was added to one since.

        One whose folder its maker took away is left out: it shall not be found in the cache.

        Raises:
          InputError: the bucket fails, or the artifact cannot be read.
        """
        folder = self.path_of(uri)
        address = self._address_of(folder)
        if address is None or not folder.exists():
            return
        with _told("expected to keep an artifact", address) as bucket:
            try:
                files = dict(_list_files(folder))
                sizes = {name: path.stat().st_size for name, path in files.items()}
                there = {each.name: each.size for each in bucket.find()}
                lacking = [name for name in files if there.get(name) != sizes[name]]
                _write(bucket, address, {name: files[name] for name in lacking})
                if lacking or COMPLETE not in there:
                    _complete(bucket, sizes)
            except OSError as error:
                raise InputError(
                    f"expected to read the artifact {folder}, got {error}: mend the permissions or "
                    "the disk"
                ) from None

    def complete(self, uri: str) -> None:
        """Marks an artifact as complete that workers elsewhere have written to the bucket.

        Raises:
          InputError: the bucket fails.
        """
        address = self._address_of(self.path_of(uri))
        if address is None:
            return
        with _told("expected to keep an artifact", address) as bucket:
            # Empty objects with a slash at the end stand for folders.
            found = {each.name: each.size for each in bucket.find()}
            sizes = {name: found[name] for name in found if not name.endswith("/")}
            if sizes:
                _complete(bucket, sizes)

    def _address_of(self, path: Path) -> BucketAddress | None:
        """Returns the address of the artifact that a path is of; None where it is of none there."""
        if self.address is None or not path.is_relative_to(self.folder):
            return None
        parts = path.relative_to(self.folder).parts
        return self.address.below("/".join(parts[:_DEPTH])) if len(parts) >= _DEPTH else None

    def _fetch(self, address: BucketAddress, folder: Path) -> None:
        draft = self.folder / _DRAFTS / address.file_name
        with _told("expected to read an artifact", address) as bucket:
            found = {each.name: each for each in bucket.find()}
            if not found:
                return
            sizes = _read_mark(bucket, found.get(COMPLETE))
            _check_whole(address, found, sizes)
            if sizes:
                follow(address, bucket, [found[name] for name in sizes], draft / FILES)
        try:
            (draft / FILES).mkdir(parents=True, exist_ok=True)  # of one without files as well
            folder.parent.mkdir(parents=True, exist_ok=True)
            (draft / FILES).rename(folder)
            shutil.rmtree(draft)
        except OSError as error:
            raise InputError(
                f"expected to write what {address} holds to {folder}, got {error}: mend the "
                "permissions or the disk, or choose another --workspace"
            ) from None


def _list_files(folder: Path) -> Iterator[tuple[str, Path]]:
    for above, _, names in os.walk(folder):
        for name in names:
            path = Path(above, name)
            yield path.relative_to(folder).as_posix(), path


def _write(bucket: Bucket, address: BucketAddress, files: dict[str, Path]) -> None:
    with tqdm(
        desc=str(address),
        total=sum(path.stat().st_size for path in files.values()),
        unit="B",
        unit_scale=True,
        leave=False,
        disable=None,  # shows on terminals only
    ) as bar:
        writing = spread(lambda item: bucket.write(*item), files.items(), threading.Event())
        for (_, path), _ in writing:
            bar.update(path.stat().st_size)


def _complete(bucket: Bucket, sizes: dict[str, int]) -> None:
    told = {name: sizes[name] for name in sorted(sizes) if name != COMPLETE}
    with tempfile.NamedTemporaryFile() as file:
        file.write(json.dumps(told, ensure_ascii=False).encode())
        file.flush()
        bucket.write(COMPLETE, Path(file.name))


def _read_mark(bucket: Bucket, mark: StoredObject | None) -> dict[str, int | None]:
    """Returns the names and sizes of an artifact's objects; where the mark lacks, its name."""
    if mark is None:
        return {COMPLETE: None}
    content = io.BytesIO()
    bucket.read(mark, content)
    sizes: dict[str, int | None] = json.loads(content.getvalue())
    return sizes


def _check_whole(
    address: BucketAddress, found: dict[str, StoredObject], sizes: dict[str, int | None]
) -> None:
    """Refuses an artifact of which a part is missing."""
    for name, size in sizes.items():
        if name in found and found[name].size == size:
            continue
        got = f"one of {found[name].size:,} bytes" if name in found else "none of this name"
        wanted = f" of {size:,} bytes" if size is not None else ""
        raise InputError(
            f"expected the object {address.below(name)}{wanted}, a part of an artifact of ML "
            f"Metadata, got {got}: restore it, or delete all under {address}/, so that the next "
            "run makes it anew"
        )


@contextmanager
def _told(what: str, address: BucketAddress) -> Iterator[Bucket]:
    """Turns what a bucket refuses into an `InputError`."""
    try:
        yield connect(address)
    except BucketError as error:
        raise InputError(f"{what}, got {address} with {error.what}: {error.remedy}") from None
