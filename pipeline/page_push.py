"""After the push: a pushed detector and a pushed line model make a servable that reads pages.

The last step of a run. It takes the newest pushed version of each, over all data sets, so that
whichever of the two has just been pushed is in it.
"""

import json
from pathlib import Path

from pipeline.page_gate import PagePush
from pipeline.page_trial import try_page_reader
from serving.model_folder import EXTRA_ASSETS, MODEL_CARD_FILE, hash_model, ready_versions
from serving.page_export import DETECTOR_PARENT, LINES_PARENT, SHA256
from trainer_module.task_names import DETECTOR, LINES

PAGES = "pages"
"""Folder of the page servable's versions, among those of the pushed models."""


def push_page_reader(pushed: Path, database: Path) -> PagePush:
    """Composes and pushes the page servable, unless the newest one is of the same parents.

    Args:
      pushed: holds the base paths of the pushed models, each named `<data set>-<task>`.
      database: of ML Metadata, where the pages are found that the detector was tested on.

    Raises:
      InputError: a pushed model is too old to be composed.
    """
    detector, lines = _newest(pushed, DETECTOR), _newest(pushed, LINES)
    if detector is None or lines is None:
        return PagePush()
    versions = ready_versions(pushed / PAGES)
    newest = versions[max(versions)] if versions else None
    if newest and _parents(newest) == (hash_model(detector), hash_model(lines)):
        return PagePush(newest)
    return try_page_reader(detector, lines, pushed / PAGES, newest, database)


def _newest(pushed: Path, task: str) -> Path | None:
    """Returns the version that was pushed last: versions are times."""
    versions = [
        (version, folder)
        for base_path in sorted(pushed.glob(f"*-{task}"))
        for version, folder in ready_versions(base_path).items()
    ]
    return max(versions)[1] if versions else None


def _parents(page_reader: Path) -> tuple[str, str]:
    card = json.loads((page_reader / EXTRA_ASSETS / MODEL_CARD_FILE).read_text(encoding="utf-8"))
    return card[DETECTOR_PARENT][SHA256], card[LINES_PARENT][SHA256]
