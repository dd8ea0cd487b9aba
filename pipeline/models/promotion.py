"""Lets another model serve: as a new version, whole or not at all, with its author in the lineage.

`promote` takes any model of the history, `rollback` the one that served before. Both add a version
through the same function; none is ever changed or taken away (docs/decisions/0019).
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from pipeline.models.history import History, read_history
from pipeline.models.record import Promotion, PromotionRecord
from pipeline.models.trained import TrainedModel
from pipeline.pushes import PROMOTE, ROLLBACK, Push, find_previous
from pipeline.store import WRITE, open_store, require_database, waiting_for
from pipeline.workspace import Workspace, hold_promotions
from schema.errors import InputError
from serving.model_folder import add_version, clear_drafts

_REASON_WIDTH = 160  # characters


@dataclass(frozen=True)
class Promoted:
    """What was done: the model that serves now, and its version's folder."""

    model: TrainedModel
    version: Path
    promotion: Promotion


def promote(
    workspace: Workspace,
    pipeline: str | None,
    model: str,
    author: str,
    reason: str = "",
    force: bool = False,
) -> Promoted:
    """Pushes a model that does not serve.

    Args:
      workspace: where.
      pipeline: whose model; None for the only pipeline.
      model: its id, or one of its versions.
      author: who does it.
      reason: why.
      force: whether it may go past the gate.

    Raises:
      InputError: there is no such model, it serves already, the gate says no and nobody forces it,
        or its files are gone. Nothing was pushed.
    """
    if force and not reason.strip():
        raise InputError("expected --reason TEXT with --force, got none: say why it goes past")
    require_database(workspace.database)
    with hold_promotions(workspace.folder):
        history = read_history(workspace, pipeline)
        chosen = history.find(model)
        _check_not_serving(history, chosen)
        if chosen.refusal is not None and not force:
            raise InputError(
                f"expected a model that may be pushed, got model {chosen.model_id}: "
                f"{shorten(chosen.refusal, _REASON_WIDTH)}; show {chosen.model_id} tells all, "
                "--force --reason TEXT overrules it"
            )
        promotion = Promotion(PROMOTE, author, reason, forced=chosen.refusal is not None)
        return _push(workspace, history, chosen, promotion)


def rollback(
    workspace: Workspace,
    pipeline: str | None,
    author: str,
    reason: str = "",
    to: int | None = None,
) -> Promoted:
    """Lets the model serve again that served before, or the one of a given version.

    Args:
      workspace: where.
      pipeline: whose model; None for the only pipeline.
      author: who does it.
      reason: why.
      to: a version of the history.

    Raises:
      InputError: there is nothing to go back to, or its files are gone. Nothing was pushed.
    """
    require_database(workspace.database)
    with hold_promotions(workspace.folder):
        history = read_history(workspace, pipeline)
        target = _choose_previous(history) if to is None else _choose_version(history, to)
        chosen = history.model(target.model_id)
        _check_not_serving(history, chosen)
        promotion = Promotion(ROLLBACK, author, reason, restored=target.version)
        return _push(workspace, history, chosen, promotion)


def _push(
    workspace: Workspace, history: History, model: TrainedModel, promotion: Promotion
) -> Promoted:
    """Adds a version, the one way in which a promotion does."""
    source = history.files_of(model)

    def copy(folder: Path) -> None:
        shutil.copytree(source, folder)

    clear_drafts(history.base_path)
    with waiting_for(workspace.database):
        store = open_store(workspace.database, WRITE)
        record = PromotionRecord(store, history.pipeline, model.model_id, promotion)
        try:
            version = add_version(history.base_path, copy, record.begin)
        except OSError as error:
            raise InputError(
                f"expected to add a version to {history.base_path}, got {error}: mend the "
                "permissions or the disk; nothing was pushed"
            ) from None
        record.complete()
    return Promoted(model, version, promotion)


def _check_not_serving(history: History, model: TrainedModel) -> None:
    if history.serving is not None and history.serving.model_id == model.model_id:
        raise InputError(
            f"expected a model that does not serve, got model {model.model_id}, which serves as "
            f"version {history.serving_version}: choose another"
        )


def _choose_previous(history: History) -> Push:
    if history.serving is None:
        raise InputError(
            f"expected a pushed model to roll back from, got {history.serving_version or 'none'} "
            f"in {history.base_path}: say what is to serve with --to VERSION or with promote"
        )
    previous = find_previous(history.pushes, history.serving)
    if previous is None:
        raise InputError(
            f"expected another model to have served before version {history.serving_version}, got "
            "none: choose a model of the list and promote it"
        )
    return previous


def _choose_version(history: History, version: int) -> Push:
    for push in history.pushes:
        if push.version == version:
            return push
    raise InputError(
        f"expected --to with a version of {history.pipeline}, got {version}: the versions are "
        f"{', '.join(str(push.version) for push in history.pushes) or 'none'}"
    )
