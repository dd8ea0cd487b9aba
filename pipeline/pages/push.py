"""After a push: a pushed detector and a pushed line model make a servable that reads pages.

The last step of a run, and of a promotion or a rollback. Imports TensorFlow only once there is
something to compose.
"""

import json
from pathlib import Path

from pipeline.pages.result import PagePush
from pipeline.workspace import Workspace
from serving.model_folder import (
    DETECTOR_PARENT,
    EXTRA_ASSETS,
    LINES_PARENT,
    MODEL_CARD_FILE,
    PARENT_PATH,
    SHA256,
    hash_model,
    ready_versions,
)
from trainer_module.task_names import DETECTOR, LINES

PAGES = "pages"
"""Folder of the page servable's versions, among those of the pushed models."""

_PARENT_OF = {DETECTOR: DETECTOR_PARENT, LINES: LINES_PARENT}


def push_page_reader(base_path: Path, workspace: Workspace, compare: bool = True) -> PagePush:
    """Composes and pushes the page servable, unless the newest one is of the same parents.

    Args:
      base_path: holds the versions of the model that was just pushed, named `<data set>-<task>`,
        among those of the others. Its newest version becomes one parent; the other stays with the
        pipeline that the present page servable has it from, or is the newest that there is.
      workspace: where the pages are found that the detector was tested on.
      compare: whether it is held to the present page servable; not where a person has decided what
        is to serve.

    Returns:
      what came of it: nothing where the model is no part of pages, or as long as the other one has
      not been pushed.

    Raises:
      InputError: a pushed model is too old to be composed.
    """
    pushed = base_path.parent
    parents = {task: _find_parent(pushed, task, base_path) for task in _PARENT_OF}
    detector, lines = parents[DETECTOR], parents[LINES]
    if _task_of(base_path) not in _PARENT_OF or detector is None or lines is None:
        return PagePush()
    newest = _newest_version(pushed / PAGES)
    if newest is not None and _hashes(newest) == (hash_model(detector), hash_model(lines)):
        return PagePush(newest)
    from pipeline.pages.trial import try_page_reader

    present = newest if compare else None
    return try_page_reader(detector, lines, pushed / PAGES, present, workspace)


def reads_pages(base_path: Path) -> bool:
    """Whether the present page servable has a parent from a base path."""
    newest = _newest_version(base_path.parent / PAGES)
    return newest is not None and base_path.name in _parent_names(newest).values()


def _find_parent(pushed: Path, task: str, changed: Path) -> Path | None:
    if _task_of(changed) == task:
        return _newest_version(changed)
    newest_pages = _newest_version(pushed / PAGES)
    if newest_pages is not None:
        present = _newest_version(pushed / _parent_names(newest_pages)[task])
        if present is not None:
            return present
    # Versions are times.
    found = [path for path in map(_newest_version, sorted(pushed.glob(f"*-{task}"))) if path]
    return max(found, key=lambda path: int(path.name), default=None)


def _newest_version(base_path: Path) -> Path | None:
    versions = ready_versions(base_path)
    return versions[max(versions)] if versions else None


def _task_of(base_path: Path) -> str:
    return base_path.name.rpartition("-")[2]


def _hashes(page_reader: Path) -> tuple[str, str]:
    card = _read_card(page_reader)
    return card[DETECTOR_PARENT][SHA256], card[LINES_PARENT][SHA256]


def _parent_names(page_reader: Path) -> dict[str, str]:
    """Returns task -> name of the base path that the parent was a version of."""
    card = _read_card(page_reader)
    return {task: Path(card[key][PARENT_PATH]).parent.name for task, key in _PARENT_OF.items()}


def _read_card(page_reader: Path) -> dict[str, dict[str, str]]:
    card = page_reader / EXTRA_ASSETS / MODEL_CARD_FILE
    parsed: dict[str, dict[str, str]] = json.loads(card.read_text(encoding="utf-8"))
    return parsed
