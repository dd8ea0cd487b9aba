"""Which reference a model version is held against."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from schema.errors import InputError
from serving.monitor.reference import FACTS_FILE, Reference, load_reference, reference_folder


@dataclass(frozen=True)
class HeldAgainst:
    """What a model version is held against.

    Args:
      reference: the clean sample.
      folder: where it lies; two versions with the same one share it.
      model: the version's folder, to ask the model; None where it is not known.
      note: what people should know of the choice, empty where it is the usual one.
    """

    reference: Reference
    folder: Path
    model: Path | None
    note: str = ""


class References:
    """Finds references by version.

    Args:
      model: a pushed model (the folder of versions), or the folder of one version.
      reference: a folder with a reference, which then holds for all versions.

    Raises:
      InputError: neither is given, or a folder does not exist.
    """

    def __init__(self, model: Path | None, reference: Path | None = None) -> None:
        if model is None and reference is None:
            raise InputError(
                "expected what to hold requests against, got nothing: name the pushed model with "
                "--model, or a reference with --reference"
            )
        for path in filter(None, (model, reference)):
            if not path.is_dir():
                raise InputError(f"expected a folder, got none at {path}: correct the path")
        self._model, self._reference = model, reference
        self._loaded: dict[Path, Reference] = {}

    @property
    def usual(self) -> HeldAgainst:
        """What holds where nothing else is known: of the newest version that has a reference.

        Raises:
          InputError: there is none.
        """
        if self._reference is not None:
            return self._take(self._reference, self._newest)
        if self._newest is None:
            raise InputError(
                f"expected a pushed model with a monitoring reference, got none in {self._model}: "
                "push one anew, or learn a reference of good requests and give it with --reference"
            )
        return self._take(reference_folder(self._newest), self._newest)

    def of(self, version: int | None) -> HeldAgainst:
        """Returns what a version is held against.

        Raises:
          InputError: there is nothing at all, or it is damaged.
        """
        own = self._versions.get(version) if version is not None else None
        if self._reference is not None:
            return self._take(self._reference, own)
        if own is not None and _has_reference(own):
            return self._take(reference_folder(own), own)
        usual = self.usual
        if self._is_one_version:
            return usual
        what = "The log does not tell the version" if version is None else f"Version {version}"
        lacks = "" if version is None else " has no reference of its own"
        newest = usual.model.name if usual.model is not None else "?"
        note = f"{what}{lacks}: it was held against that of version {newest}."
        return HeldAgainst(usual.reference, usual.folder, own, note)

    @property
    def _is_one_version(self) -> bool:
        return self._model is not None and _has_reference(self._model)

    @cached_property
    def _versions(self) -> dict[int, Path]:
        if self._model is None or self._is_one_version:
            return {}
        return {
            int(path.name): path
            for path in self._model.iterdir()
            if path.name.isascii() and path.name.isdigit() and path.is_dir()
        }

    @cached_property
    def _newest(self) -> Path | None:
        if self._model is not None and self._is_one_version:
            return self._model
        candidates = [
            version
            for version, path in self._versions.items()
            if self._reference is not None or _has_reference(path)
        ]
        return self._versions[max(candidates)] if candidates else None

    def _take(self, folder: Path, model: Path | None) -> HeldAgainst:
        if folder not in self._loaded:
            self._loaded[folder] = load_reference(folder)
        return HeldAgainst(self._loaded[folder], folder, model)


def _has_reference(version: Path) -> bool:
    return (reference_folder(version) / FACTS_FILE).is_file()
