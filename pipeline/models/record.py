"""Writes a promotion into the lineage: who did it, why, with which model, as which version.

It leaves the trace of TFX's Pusher (`pipeline.pushes`), with author and reason on the execution.
That is begun before the version appears and completed after, so that there is no version without
its author, even if the process is killed between the two.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from ml_metadata import errors
from ml_metadata.metadata_store.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.lineage import PIPELINE_CONTEXT
from pipeline.pushes import (
    ACTION,
    AUTHOR,
    DESTINATION,
    FORCED,
    MODEL_KEY,
    PROMOTION,
    PUSHED,
    PUSHED_MODEL,
    PUSHED_MODEL_KEY,
    REASON,
    RESTORED,
    VERSION,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Promotion:
    """What is to be recorded.

    Args:
      action: `pushes.PROMOTE` or `pushes.ROLLBACK`.
      author: who does it.
      reason: why; may be empty where the gate is not overruled.
      forced: whether it goes past the gate.
      restored: the version that a rollback lets serve again.
    """

    action: str
    author: str
    reason: str
    forced: bool = False
    restored: int | None = None


class PromotionRecord:
    """The execution of one promotion and its PushedModel.

    Args:
      store: written to.
      pipeline: the name of the pipeline whose context both belong to.
      model_id: of the Model artifact that is pushed.
      promotion: what is done.
    """

    def __init__(
        self, store: MetadataStore, pipeline: str, model_id: int, promotion: Promotion
    ) -> None:
        self._store = store
        self._model_id = model_id
        self._context = store.get_context_by_type_and_name(PIPELINE_CONTEXT, pipeline)
        self._execution = _make_execution(store, promotion)
        self._pushed = mlmd.Artifact(state=mlmd.Artifact.LIVE)
        self._pushed.type_id = _pushed_model_type(store)

    def begin(self, version: Path) -> None:
        """Records that a version is about to appear."""
        properties = self._pushed.custom_properties
        properties[PUSHED].int_value = 0
        properties[DESTINATION].string_value = str(version)
        properties[VERSION].string_value = version.name
        self._pushed.uri = str(version)
        [model] = self._store.get_artifacts_by_id([self._model_id])
        self._execution.last_known_state = mlmd.Execution.RUNNING
        self._execution.id, [_, self._pushed.id], _ = self._store.put_execution(
            self._execution,
            [
                (model, _event(mlmd.Event.INPUT, MODEL_KEY)),
                (self._pushed, _event(mlmd.Event.OUTPUT, PUSHED_MODEL_KEY)),
            ],
            [self._context],
        )

    def complete(self) -> None:
        """Records that it has appeared."""
        self._pushed.custom_properties[PUSHED].int_value = 1
        self._execution.last_known_state = mlmd.Execution.COMPLETE
        try:
            self._store.put_execution(self._execution, [(self._pushed, None)], [self._context])
        except errors.AbortedError:
            # A version that is there counts, completed or not.
            _log.warning("version %s serves; its record stays marked as begun", self._pushed.uri)


def _make_execution(store: MetadataStore, promotion: Promotion) -> mlmd.Execution:
    kind = mlmd.ExecutionType(name=PROMOTION)
    for name in (ACTION, AUTHOR, REASON):
        kind.properties[name] = mlmd.STRING
    for name in (FORCED, RESTORED):
        kind.properties[name] = mlmd.INT
    execution = mlmd.Execution(type_id=store.put_execution_type(kind))
    execution.properties[ACTION].string_value = promotion.action
    execution.properties[AUTHOR].string_value = promotion.author
    execution.properties[REASON].string_value = promotion.reason
    execution.properties[FORCED].int_value = int(promotion.forced)
    if promotion.restored is not None:
        execution.properties[RESTORED].int_value = promotion.restored
    return execution


def _pushed_model_type(store: MetadataStore) -> int:
    """Returns the id of TFX's type; it is not there before a first run has come to its Pusher."""
    kind = mlmd.ArtifactType(name=PUSHED_MODEL, base_type=mlmd.ArtifactType.MODEL)
    return store.put_artifact_type(kind, can_omit_fields=True)


def _event(kind: int, key: str) -> mlmd.Event:
    event = mlmd.Event(type=kind)
    event.path.steps.add().key = key
    event.path.steps.add().index = 0
    return event
