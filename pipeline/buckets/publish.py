"""Pushed models -> a bucket that model servers watch, after each push, promotion and rollback.

`ADDRESS/PIPELINE/VERSION` holds what `WORKSPACE/pushed/PIPELINE/VERSION` does. A version's
saved_model.pb comes last and goes first, so that no server loads half of a version.
"""

import io
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from pipeline.buckets.address import BucketAddress, parse_address
from pipeline.buckets.bucket import Bucket, BucketError, StoredObject, connect, spread, try_writing
from pipeline.buckets.ledger import Ledger
from pipeline.workspace import PUBLISH_FILE, Workspace, hold_publishing
from schema.errors import InputError
from serving.model_folder import MODEL_FILE, ready_versions
from serving.whole_file import write_whole

PUBLISHED = "published"
"""The folder of a workspace that tells what lies in which bucket."""
# No numbers: no server takes them for versions.
_PROBE = ".publish-check"
_SIGNATURE = ".published-by"  # holds where artifacts are kept, if that is in a bucket


class Outlet:
    """The bucket that the models of a workspace are published to.

    Args:
      workspace: whose models.
      address: of the bucket; what servers watch are the folders of pipelines below it.
    """

    def __init__(self, workspace: Workspace, address: BucketAddress) -> None:
        self.address = address
        self._workspace = workspace

    def check(self, *pipelines: str) -> None:
        """Looks whether the bucket can be written, and has the workspace publish there from now on.

        Raises:
          InputError: it cannot be written, or has versions of the pipelines that are not ours.
        """
        try:
            bucket = connect(self.address)
            for pipeline in pipelines:
                self._check_ours(bucket, self._workspace.pushed / pipeline)
            try_writing(bucket, _PROBE)
            self._sign(bucket)
        except BucketError as error:
            raise InputError(
                f"expected a bucket to publish to, got {self.address} with {error.what}: "
                f"{error.remedy}"
            ) from None
        self.remember()

    def remember(self) -> None:
        """Has the workspace publish there from now on."""
        write_whole(self._workspace.folder / PUBLISH_FILE, f"{self.address}\n".encode())

    def publish(self, base_paths: Sequence[Path]) -> list[BucketAddress]:
        """Makes the bucket hold the versions that folders of pushed models do.

        Returns:
          the address of the newest version of each folder that has one.

        Raises:
          InputError: the bucket fails. What is pushed stands, and what has been published is kept.
        """
        try:
            with hold_publishing(self._workspace.folder):
                bucket = connect(self.address)
                for base_path in base_paths:
                    self._check_ours(bucket, base_path)
                    self._follow(bucket, base_path)
        except BucketError as error:
            raise self._failed(
                f"expected to publish to {self.address}, got {error.what}: {error.remedy}"
            ) from None
        except OSError as error:
            raise self._failed(
                f"expected to publish what {self._workspace.pushed} holds, got {error}: mend the "
                "permissions or the disk"
            ) from None
        except InputError as error:
            raise self._failed(str(error)) from None
        pushed = [versions for versions in map(ready_versions, base_paths) if versions]
        newest = [versions[max(versions)] for versions in pushed]
        return [self.address.below(f"{path.parent.name}/{path.name}") for path in newest]

    def _failed(self, told: str) -> InputError:
        return InputError(
            f"{told}; what was pushed here stands, and python -m pipeline.models publish "
            f"--workspace {self._workspace.folder} repeats the publishing"
        )

    def _ledger(self) -> Ledger:
        return Ledger(self._workspace.folder / PUBLISHED / f"{self.address.file_name}.jsonl")

    def _sign(self, bucket: Bucket) -> None:
        """Tells other machines that go on with the same runs that they may publish here too."""
        if self._workspace.artifacts.address is None or self._is_signed(bucket):
            return
        with tempfile.NamedTemporaryFile() as file:
            file.write(str(self._workspace.artifacts).encode())
            file.flush()
            bucket.write(_SIGNATURE, Path(file.name))

    def _is_signed(self, bucket: Bucket) -> bool:
        content = io.BytesIO()
        for stored in bucket.find(_SIGNATURE):
            bucket.read(stored, content)
        return content.getvalue().decode(errors="replace") == str(self._workspace.artifacts)

    def _check_ours(self, bucket: Bucket, base_path: Path) -> None:
        """Refuses versions that are there and were neither pushed nor published here.

        Those of a machine that keeps its artifacts in the same place are as good as our own.
        """
        if self._workspace.artifacts.address is not None and self._is_signed(bucket):
            return
        known = {_version_of(name) for name in self._ledger().entries}
        known |= {f"{base_path.name}/{path.name}" for path in ready_versions(base_path).values()}
        for stored in bucket.find(f"{base_path.name}/"):
            version = _version_of(stored.name)
            if version not in known and version.rpartition("/")[2].isdecimal():
                raise InputError(
                    f"expected {self.address} to have versions of {base_path.name} of this "
                    f"workspace alone, got {self.address.below(version)}: choose another address, "
                    "or take it away there"
                )

    def _follow(self, bucket: Bucket, base_path: Path) -> None:
        ledger = self._ledger()
        there = {stored.name: stored for stored in bucket.find(f"{base_path.name}/")}
        wanted = dict(_list_files(base_path))
        lacking = {
            name: path
            for name, path in wanted.items()
            if not _agrees(ledger, there.get(name), path)
        }
        with tqdm(
            desc=str(self.address.below(base_path.name)),
            total=sum(path.stat().st_size for path in lacking.values()),
            unit="B",
            unit_scale=True,
            disable=None,  # shows on terminals only
        ) as bar:
            # The newest first: it is what shall serve.
            for _, version in sorted(ready_versions(base_path).items(), reverse=True):
                of_version = f"{base_path.name}/{version.name}/"
                some = {name: lacking[name] for name in lacking if name.startswith(of_version)}
                model = some.pop(of_version + MODEL_FILE, None)
                _write(bucket, some, ledger, bar)
                if model is not None:
                    _write(bucket, {of_version + MODEL_FILE: model}, ledger, bar)
        ours = ledger.entries.keys() & there.keys()
        _take_back(bucket, sorted(ours - wanted.keys()), ledger)


def find_outlet(workspace: Workspace, given: BucketAddress | None = None) -> Outlet | None:
    """Returns where the models of a workspace are published, None where they are not.

    Args:
      workspace: whose models.
      given: an address in place of the one that the workspace remembers.

    Raises:
      InputError: the file that remembers it is damaged.
    """
    remembered = workspace.folder / PUBLISH_FILE
    if given is None and remembered.is_file():
        given = parse_address(remembered.read_text(encoding="utf-8").strip())
    return Outlet(workspace, given) if given is not None else None


def _version_of(name: str) -> str:
    """Returns PIPELINE/VERSION of an object's name."""
    return "/".join(name.split("/")[:2])


def _list_files(base_path: Path) -> Iterator[tuple[str, Path]]:
    """Yields the files of complete versions, with the names of their objects."""
    for version in ready_versions(base_path).values():
        for folder, _, files in os.walk(version):
            for file in files:
                path = Path(folder, file)
                yield path.relative_to(base_path.parent).as_posix(), path


def _agrees(ledger: Ledger, stored: StoredObject | None, path: Path) -> bool:
    return stored is not None and ledger.agrees(stored, path.stat())


def _write(bucket: Bucket, files: dict[str, Path], ledger: Ledger, bar: tqdm) -> None:
    def write(item: tuple[str, Path]) -> None:
        name, path = item
        before = path.stat()  # who changes it meanwhile has it written once more
        ledger.note(name, bucket.write(name, path), before)
        bar.update(before.st_size)

    for _ in spread(write, files.items(), threading.Event()):
        pass


def _take_back(bucket: Bucket, names: list[str], ledger: Ledger) -> None:
    """Deletes what was taken back here: first what makes a version one."""
    models = [name for name in names if name.endswith(f"/{MODEL_FILE}")]
    for some in (models, [name for name in names if name not in models]):
        if some:
            bucket.delete(some)
            ledger.forget(some)
