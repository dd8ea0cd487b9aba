"""Folders of pushed models: `BASE/7/` holds version 7, ready once it has `saved_model.pb`.

The server reads them with `ready_versions`; commands that make a new servable of pushed ones,
such as `serving.compose_page`, find their parents and add a version here. Imports no TensorFlow.
"""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from schema.alphabet import Alphabet
from schema.errors import InputError

MODEL_FILE = "saved_model.pb"
EXTRA_ASSETS = "assets.extra"
"""Folder in a SavedModel that TensorFlow Serving leaves to others."""
WARMUP_FILE = "tf_serving_warmup_requests"
"""In there: requests that a server replays before a version takes others."""
MODEL_CARD_FILE = "model_card.json"
"""In there: what the model is and was made from."""
DETECTOR_PARENT, LINES_PARENT = "detector", "lines"
"""Keys of a page servable's card: its parents."""
PARENT_PATH, SHA256 = "path", "sha256"
"""Keys of a parent: the version's folder, and the hash of what it computes."""
WEIGHTS_FILE = "network.weights.h5"
"""In there: the network's weights as Keras keeps them, to go on training with."""

MAX_VERSION = 2**63 - 1
"""Versions are int64 in the API."""

ALPHABET_FILE = "alphabet.json"
"""Holds a line model's `symbols`; beside its SavedModel's other extra assets."""
DECODING_FILE = "decoding.npz"
"""There too: a line model's decoder, as `serving.decoding_file` keeps it."""
LITERT_FILE = "lines.tflite"
"""There too, where it was exported: a line model's network for LiteRT."""

_DRAFT = ".draft-"  # not numeric: no server takes it for a version
_CONTENT = (MODEL_FILE, "variables/*", "assets/*")


def ready_versions(base_path: Path, files: tuple[str, ...] = (MODEL_FILE,)) -> dict[int, Path]:
    """Return the folders of the complete versions: those that have one of the files."""
    if not base_path.is_dir():
        return {}
    return {
        int(path.name): path
        for path in sorted(base_path.iterdir())
        if _is_version(path) and is_ready(path, files)
    }


def is_ready(version: Path, files: tuple[str, ...] = (MODEL_FILE,)) -> bool:
    """Return whether a version is complete: it is there and has one of the files."""
    return any((version / file).is_file() for file in files)


def find_model(folder: Path) -> Path:
    """Return the SavedModel at a path: the folder itself, or the newest version under it.

    Raises:
      InputError: there is none.
    """
    if is_ready(folder):
        return folder
    versions = ready_versions(folder)
    if not versions:
        raise InputError(
            f"expected a SavedModel or a folder of its versions, got {folder}, which has no "
            f"{MODEL_FILE}: name the folder of a pushed model"
        )
    return versions[max(versions)]


def find_trained(folder: Path) -> Path:
    """Return the model at a path as `find_model` does, one that training can begin with.

    Raises:
      InputError: there is none, or its weights did not travel with it.
    """
    model = find_model(folder)
    if not (model / EXTRA_ASSETS / WEIGHTS_FILE).is_file():
        raise InputError(
            f"expected a model with its weights, got no {EXTRA_ASSETS}/{WEIGHTS_FILE} in {model}: "
            "name a model that this pipeline has pushed"
        )
    return model


def read_alphabet(path: Path) -> Alphabet:
    """Reads the `ALPHABET_FILE` of a model.

    Raises:
      InputError: there is none, or it is something else.
    """
    try:
        return Alphabet(json.loads(path.read_text(encoding="utf-8"))["symbols"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"expected the alphabet of a model, got {type(error).__name__} in {path}: "
            f"take the {ALPHABET_FILE} that came with the model"
        ) from None


def hash_model(folder: Path) -> str:
    """Return the SHA-256 of what a SavedModel computes: its graph, variables and assets."""
    digest = hashlib.sha256()
    for path in (path for pattern in _CONTENT for path in sorted(folder.glob(pattern))):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def add_version(
    base_path: Path,
    write: Callable[[Path], object],
    announce: Callable[[Path], None] = lambda version: None,
    number: int | None = None,
) -> Path:
    """Make the next version under a base path: whole, or not at all.

    Args:
      base_path: made where absent.
      write: makes the SavedModel at the path that it is given.
      announce: is told the version's folder just before that appears. What either of the two raises
        is passed on, and no version appears.
      number: the version's, which is not there. None takes the time in Unix seconds, as the Pusher,
        or the next one after the newest.

    Returns:
      The version's folder.
    """
    base_path.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=base_path))
    try:
        # Inside, since a temporary folder may be read by nobody else.
        write(draft / "model")
        if number is None:
            number = max(int(time.time()), _newest_number(base_path) + 1)
        version = base_path / str(number)
        announce(version)
        return (draft / "model").rename(version)
    finally:
        shutil.rmtree(draft)


def clear_drafts(base_path: Path) -> None:
    """Delete what calls of `add_version` have left that were killed; none may be under way."""
    for draft in base_path.glob(f"{_DRAFT}*"):
        shutil.rmtree(draft)


def _is_version(path: Path) -> bool:
    return path.name.isascii() and path.name.isdigit() and int(path.name) <= MAX_VERSION


def _newest_number(base_path: Path) -> int:
    """Return the highest version's number; one that a Pusher has not finished counts as well."""
    return max((int(path.name) for path in base_path.iterdir() if _is_version(path)), default=0)
