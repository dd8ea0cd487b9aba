"""Reads from the lineage what was pushed, of which model and why, and tells what serves.

TFX's Pusher and our own promotions (`models.promotion`) leave the same trace: an execution with the
Model as input and a PushedModel as output. `champion` finds the gate's baseline here, the commands
of `models` the history.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.lineage import Lineage
from serving.model_folder import is_ready

PUSHED_MODEL, MODEL = "PushedModel", "Model"
"""TFX's artifact types."""
MODEL_KEY, PUSHED_MODEL_KEY = "model", "pushed_model"
"""Under which they go into the Pusher and come out of it."""
PUSHED, DESTINATION, VERSION = "pushed", "pushed_destination", "pushed_version"
"""Custom properties of a PushedModel, as the Pusher sets them: 1 or 0, folder, number."""

PROMOTION = "Promotion"
"""Our execution type; its properties are the next ones."""
ACTION, AUTHOR, REASON, FORCED, RESTORED = "action", "author", "reason", "forced", "restored"
PUSH, PROMOTE, ROLLBACK = "push", "promote", "rollback"
"""Actions: the Pusher's, and those of promotions."""


@dataclass(frozen=True)
class Push:
    """A version that was pushed.

    Args:
      version: its number; the highest that is there serves.
      folder: where it was put.
      model_id: of the Model artifact that it holds.
      artifact_id: of the PushedModel artifact.
      milliseconds: when, since 1970.
      action: `PUSH`, `PROMOTE` or `ROLLBACK`.
      author: who did it; empty for the pipeline itself.
      reason: why, as the author said; may be empty.
      forced: whether it went past the gate.
      restored: the version that a rollback let serve again.
    """

    version: int
    folder: Path
    model_id: int
    artifact_id: int
    milliseconds: int
    action: str = PUSH
    author: str = ""
    reason: str = ""
    forced: bool = False
    restored: int | None = None


def read_pushes(lineage: Lineage) -> list[Push]:
    """Returns the pushes among the executions, by rising version.

    A push that was found in the cache counts once, at its first time, and one that was refused not
    at all. One of ours that was killed counts if the version had appeared by then.
    """
    pushes: dict[int, Push] = {}
    for execution in lineage.executions:
        pushed = lineage.output(execution, PUSHED_MODEL_KEY)
        model = lineage.input(execution, MODEL_KEY)
        if pushed is not None and model is not None and pushed.id not in pushes:
            push = _read_push(pushed, model, execution)
            if pushed.custom_properties[PUSHED].int_value or _has_appeared(execution, push):
                pushes[pushed.id] = push
    return sorted(pushes.values(), key=lambda push: push.version)


def find_serving(pushes: Sequence[Push]) -> Push | None:
    """Returns the push whose version serves: the highest that is still in its folder.

    Where none is (the folders were shipped elsewhere), it is the highest that there was: the best
    that is known.
    """
    there = [push for push in pushes if is_ready(push.folder)]
    return max(there or pushes, key=lambda push: push.version, default=None)


def find_previous(pushes: Sequence[Push], serving: Push) -> Push | None:
    """Returns what a rollback restores: the last push before with another model.

    A rollback stands where the version stands that it restored. So the next one goes further back,
    and what was once rolled back is not returned to (docs/decisions/0019).
    """
    numbered = {push.version: push for push in pushes}
    found: Push | None = serving
    while found is not None and found.model_id == serving.model_id:
        while found.restored in numbered:
            found = numbered[found.restored]
        before = [version for version in numbered if version < found.version]
        found = numbered[max(before)] if before else None
    return found


def _read_push(pushed: mlmd.Artifact, model: mlmd.Artifact, execution: mlmd.Execution) -> Push:
    properties = execution.properties
    ours = execution.type == PROMOTION
    return Push(
        version=int(pushed.custom_properties[VERSION].string_value or 0),
        folder=Path(pushed.custom_properties[DESTINATION].string_value),
        model_id=model.id,
        artifact_id=pushed.id,
        milliseconds=pushed.create_time_since_epoch,
        action=properties[ACTION].string_value if ours else PUSH,
        author=properties[AUTHOR].string_value if ours else "",
        reason=properties[REASON].string_value if ours else "",
        forced=ours and bool(properties[FORCED].int_value),
        restored=(properties[RESTORED].int_value or None) if ours else None,
    )


def _has_appeared(execution: mlmd.Execution, push: Push) -> bool:
    """Whether a promotion that was killed before it could confirm its version had put it there."""
    ours = execution.type == PROMOTION and execution.last_known_state == mlmd.Execution.RUNNING
    return ours and is_ready(push.folder)
