"""After the push: a pushed detector and a pushed line model make a servable that reads pages.

The last step of a run. It takes the newest pushed version of each, over all data sets, so that
whichever of the two has just been pushed is in it. Both have passed a gate of their own; what they
come to together is measured on whole pages before it is pushed (docs/decisions/0021).
"""

import json
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from pipeline.page_gate import PageErrorRate, compare_pages
from pipeline.page_measure import find_test_pages, load_reader, measure_pages
from serving.model_folder import (
    EXTRA_ASSETS,
    MODEL_CARD_FILE,
    add_version,
    hash_model,
    ready_versions,
)
from serving.page_export import DETECTOR_PARENT, LINES_PARENT, SHA256, compose_page
from trainer_module.task_names import DETECTOR, LINES

PAGES = "pages"
"""Folder of the page servable's versions, among those of the pushed models."""

PAGE_ERROR_RATE, REMARK = "page_error_rate", "remark"
"""Keys of the model card: what it reached on whole pages, and what is to be said of that."""

_log = logging.getLogger(__name__)
_DRAFT = ".draft-"


@dataclass(frozen=True)
class PagePush:
    """What came of the page servable.

    Args:
      pushed: the servable of the newest parents; None where there is none, or it was refused.
      error_rate: what it reached on whole pages, None where that was not measured in this run.
      remark: why it was refused or not measured, or what it was not compared with.
    """

    pushed: Path | None = None
    error_rate: PageErrorRate | None = None
    remark: str | None = None


def push_page_reader(pushed: Path, database: Path) -> PagePush:
    """Composes, measures and pushes the page servable, unless the newest is of the same parents.

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
    examples = find_test_pages(database, detector.parent.name)
    # Among the pushed models, so that what is good only needs to be renamed.
    with tempfile.TemporaryDirectory(prefix=_DRAFT, dir=pushed) as draft:
        candidate = compose_page(detector, lines, Path(draft))
        error_rate, remark = _measure(candidate, newest, examples, detector.parent.name)
        if error_rate and error_rate.reason:
            _log.warning("no page servable pushed: %s", error_rate.reason)
            return PagePush(None, error_rate, error_rate.reason)
        _add_to_card(candidate, error_rate, remark)
        return PagePush(add_version(pushed / PAGES, candidate.rename), error_rate, remark)


def _measure(
    candidate: Path, baseline: Path | None, examples: Path | None, pages_of: str
) -> tuple[PageErrorRate | None, str | None]:
    """Measures the candidate and, where it can be read, the servable pushed before."""
    if examples is None:
        return None, f"not measured: no test pages of {pages_of} are left"
    readers, remark = [load_reader(candidate)], None
    if baseline is not None:
        try:
            readers.append(load_reader(baseline))
        except (OSError, ValueError, tf.errors.OpError) as error:
            remark = f"not compared with {baseline}, which does not load: {error}"
            _log.warning("%s", remark)
    measured = measure_pages(examples, readers)
    if not any(page.edits[0].characters for page in measured):
        return None, f"not measured: the test pages of {pages_of} have no texts"
    return compare_pages(measured, pages_of), remark


def _add_to_card(servable: Path, error_rate: PageErrorRate | None, remark: str | None) -> None:
    """Writes down what the servable reached on whole pages."""
    path = _card_path(servable)
    card = json.loads(path.read_text(encoding="utf-8"))
    card[PAGE_ERROR_RATE] = (error_rate.as_json() if error_rate else {}) | {REMARK: remark}
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _newest(pushed: Path, task: str) -> Path | None:
    """Returns the version that was pushed last: versions are times."""
    versions = [
        (version, folder)
        for base_path in sorted(pushed.glob(f"*-{task}"))
        for version, folder in ready_versions(base_path).items()
    ]
    return max(versions)[1] if versions else None


def _parents(page_reader: Path) -> tuple[str, str]:
    card = json.loads(_card_path(page_reader).read_text(encoding="utf-8"))
    return card[DETECTOR_PARENT][SHA256], card[LINES_PARENT][SHA256]


def _card_path(servable: Path) -> Path:
    return servable / EXTRA_ASSETS / MODEL_CARD_FILE
