"""Data of a bucket -> a folder of the workspace that holds the same, before anything reads it.

Only what has changed is fetched. A file appears whole, under its name; what is interrupted goes on
with the next call. The readers seek in files and map them into memory, which buckets do not offer.
"""

import io
import os
import shutil
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from pipeline.buckets.address import BucketAddress, is_safe, parse_address
from pipeline.buckets.bucket import Bucket, BucketError, StoredObject, changed, connect, spread
from pipeline.buckets.ledger import Ledger
from schema.errors import InputError
from serving.whole_file import write_whole

FETCHED = "fetched"
"""The folder of a workspace that holds the mirrors."""
FILES, DRAFTS, LEDGER_FILE, ADDRESS_FILE = "files", "drafts", "ledger.jsonl", "address"
"""In the folder of a mirror."""


class _StoppedError(Exception):
    """Another object could not be fetched; this one is left."""


class _Draft(io.FileIO):
    """A file that shows how it grows, and ends when it shall stop."""

    def __init__(self, path: Path, bar: tqdm, stop: threading.Event) -> None:
        super().__init__(path, "wb")
        self._bar, self._stop = bar, stop

    def write(self, block: object) -> int:
        """Writes bytes; returns how many."""
        if self._stop.is_set():
            raise _StoppedError
        written: int = super().write(block)  # type: ignore[arg-type]
        self._bar.update(written)
        return written


def mirror_of(workspace: Path, address: BucketAddress) -> Path:
    """Returns the folder that mirrors an address."""
    return workspace / FETCHED / address.file_name / FILES


def read_mirror(mirror: Path) -> tuple[BucketAddress, dict[str, StoredObject]] | None:
    """Returns whose mirror a folder is, and the objects that it holds by their names.

    Returns:
      None where it is an ordinary folder.
    """
    told = mirror.with_name(ADDRESS_FILE)
    if mirror.name != FILES or not told.is_file():
        return None
    entries = Ledger(mirror.with_name(LEDGER_FILE)).entries
    return parse_address(told.read_text(encoding="utf-8").strip()), {
        name: StoredObject(name, entry.size, entry.stamp) for name, entry in entries.items()
    }


def fetch(address: BucketAddress, workspace: Path) -> Path:
    """Makes the mirror of an address hold what the bucket does; the workspace is held meanwhile.

    Returns:
      the folder of the mirror.

    Raises:
      InputError: the bucket cannot be read or has no object there, one of them has a name that is
        no path or was changed meanwhile, or there is no room. What was fetched so far is kept.
    """
    mirror = mirror_of(workspace, address)
    try:
        bucket = connect(address)
        listed = tqdm(bucket.find(), str(address), unit=" objects", leave=False, disable=None)
        sys.stderr.write(f"{address}: {follow(address, bucket, listed, mirror)}\n")
    except BucketError as error:
        raise InputError(f"expected to read {address}, got {error.what}: {error.remedy}") from None
    return mirror


def follow(
    address: BucketAddress, bucket: Bucket, listed: Iterable[StoredObject], mirror: Path
) -> str:
    """Makes a folder hold the objects that are listed under an address, and nothing else.

    Its drafts and its ledger lie beside it.

    Returns:
      what was done, for people.

    Raises:
      BucketError: the bucket cannot be read.
      InputError: objects cannot be files, there is no room, or the folder cannot be written. What
        was fetched so far is kept.
    """
    found = _choose(listed, address)
    try:
        return _Mirror(mirror, address).follow(bucket, found)
    except OSError as error:
        raise InputError(
            f"expected to write what {address} holds to {mirror}, got {error.strerror or error}: "
            "mend the permissions or the disk, or choose another --workspace"
        ) from None


def _choose(found: Iterable[StoredObject], address: BucketAddress) -> dict[str, StoredObject]:
    """Returns the objects that become files, by their names."""
    # Empty ones with a slash at the end stand for folders, where they were made by hand.
    chosen = {each.name: each for each in found if each.size or not each.name.endswith("/")}
    chosen.pop("", None)
    if not chosen:
        raise InputError(f"expected objects under {address}/, got none: correct the prefix")
    for name in chosen:
        if not is_safe(name):
            raise InputError(
                f"expected objects of {address} with names that are paths inside it, got {name!r}: "
                "rename it"
            )
        above = name.rpartition("/")[0]
        while above:
            if above in chosen:
                raise InputError(
                    f"expected objects of {address} that can be files, got {above!r} beside "
                    f"{name!r}, whose folder it would be: rename one"
                )
            above = above.rpartition("/")[0]
    return chosen


class _Mirror:
    """The folder of an address, its drafts and its ledger."""

    def __init__(self, files: Path, address: BucketAddress) -> None:
        self._files, self._drafts = files, files.with_name(DRAFTS)
        self._address = address
        self._ledger = Ledger(files.with_name(LEDGER_FILE))

    def follow(self, bucket: Bucket, found: dict[str, StoredObject]) -> str:
        """Fetches what is new or changed, and removes what the bucket no longer has."""
        if self._drafts.is_dir():
            shutil.rmtree(self._drafts)
        self._drafts.mkdir(parents=True)
        write_whole(self._files.with_name(ADDRESS_FILE), f"{self._address}\n".encode())
        removed = self._remove_others(found)
        lacking = [each for each in found.values() if not self._has(each)]
        self._check_room(sum(each.size for each in lacking))
        self._fetch(bucket, lacking)
        self._drafts.rmdir()
        size = tqdm.format_sizeof(sum(each.size for each in lacking), "B", 1000)
        return f"{len(found):,} objects, {len(lacking):,} fetched ({size}), {removed:,} removed"

    def _has(self, stored: StoredObject) -> bool:
        try:
            return self._ledger.agrees(stored, (self._files / stored.name).stat())
        except FileNotFoundError:
            return False

    def _remove_others(self, found: dict[str, StoredObject]) -> int:
        removed = 0
        for folder, folders, files in os.walk(self._files, topdown=False):
            for name in files:
                path = Path(folder, name)
                if path.relative_to(self._files).as_posix() not in found:
                    path.unlink()
                    removed += 1
            for name in folders:
                path = Path(folder, name)
                if not any(path.iterdir()):
                    path.rmdir()
        self._ledger.forget([name for name in self._ledger.entries if name not in found])
        return removed

    def _check_room(self, needed: int) -> None:
        free = shutil.disk_usage(self._drafts).free
        if needed > free:
            raise InputError(
                f"expected room for {needed:,} bytes of {self._address}, got {free:,} free in "
                f"{self._files.parent}: make room, or choose another --workspace"
            )

    def _fetch(self, bucket: Bucket, lacking: list[StoredObject]) -> None:
        stop = threading.Event()
        with tqdm(
            desc=str(self._address),
            total=sum(each.size for each in lacking),
            unit="B",
            unit_scale=True,
            disable=None,  # shows on terminals only
        ) as bar:
            numbered = ((stored, str(number)) for number, stored in enumerate(lacking))
            for _ in spread(lambda item: self._fetch_one(bucket, *item, bar, stop), numbered, stop):
                pass

    def _fetch_one(
        self,
        bucket: Bucket,
        stored: StoredObject,
        draft_name: str,
        bar: tqdm,
        stop: threading.Event,
    ) -> None:
        draft = self._drafts / draft_name
        with io.BufferedWriter(_Draft(draft, bar, stop)) as file:
            bucket.read(stored, file)
        if draft.stat().st_size != stored.size:
            raise changed(stored.name)
        path = self._files / stored.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if stored.modified is not None:
            # TFX's cache goes by times: so they are the same on every machine.
            os.utime(draft, (stored.modified, stored.modified))
        draft.replace(path)
        self._ledger.note(stored.name, stored.stamp, path.stat())
