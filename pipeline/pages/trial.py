"""Composes the page servable in a draft folder, has it read test pages, pushes what is no worse.

Called by `push.py`, which chooses the two models. Both have passed a gate of their own; what
they come to together is measured here (docs/decisions/0021).
"""

import json
import logging
import tempfile
from pathlib import Path

import tensorflow as tf

from pipeline.pages.gate import compare_pages
from pipeline.pages.lineage import find_test_pages
from pipeline.pages.measure import load_reader, measure_pages
from pipeline.pages.result import PageErrorRate, PagePush
from pipeline.workspace import Workspace
from serving.model_folder import EXTRA_ASSETS, MODEL_CARD_FILE, add_version
from serving.page_export import compose_page

PAGE_ERROR_RATE, REMARK = "page_error_rate", "remark"
"""Keys of the model card: what it reached on whole pages, and what is to be said of that."""

_log = logging.getLogger(__name__)
_DRAFT = ".draft-"


def try_page_reader(
    detector: Path, lines: Path, base_path: Path, present: Path | None, workspace: Workspace
) -> PagePush:
    """Composes, measures and, where it is no worse than the present one, pushes.

    Args:
      detector: the pushed version of the one parent.
      lines: of the other.
      base_path: gets the new version.
      present: the page servable pushed before, if any.
      workspace: where the pages are found that the detector was tested on.

    Raises:
      InputError: a parent is too old to be composed.
    """
    examples = find_test_pages(workspace, detector)
    # Beside the base path, so that what is good only needs to be renamed.
    with tempfile.TemporaryDirectory(prefix=_DRAFT, dir=base_path.parent) as draft:
        candidate = compose_page(detector, lines, Path(draft))
        error_rate, remark = _measure(candidate, present, examples, detector.parent.name)
        if error_rate and error_rate.reason:
            _log.warning("no page servable pushed: %s", error_rate.reason)
            return PagePush(None, error_rate, error_rate.reason)
        _add_to_card(candidate, error_rate, remark)
        return PagePush(add_version(base_path, candidate.rename), error_rate, remark)


def _measure(
    candidate: Path, baseline: Path | None, examples: Path | None, pages_of: str
) -> tuple[PageErrorRate | None, str | None]:
    """Measures the candidate and, where it can be read, the servable pushed before."""
    if examples is None:
        return None, "not measured: no test pages of the run that pushed the detector are left"
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
    path = servable / EXTRA_ASSETS / MODEL_CARD_FILE
    card = json.loads(path.read_text(encoding="utf-8"))
    card[PAGE_ERROR_RATE] = (error_rate.as_json() if error_rate else {}) | {REMARK: remark}
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
