"""Reads ML Metadata: which executions there were, what went into each and what came out.

`store` opens it; `run_metadata` tells of one run, `pushes` and `models` of all runs of a pipeline.
Imports neither TFX nor TensorFlow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ml_metadata.metadata_store.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

PIPELINE_CONTEXT = "pipeline"
"""TFX's type of the context that holds all executions and artifacts of a pipeline's runs."""

SERVING_MODEL = "Format-Serving"
"""Where TFX keeps the SavedModel inside a Model artifact."""
SOURCE_PROPERTY = "source"
"""Custom property of ingested Examples: what was read, as in "span 3 version 1"."""
SUMMARY_PROPERTY = "split_summaries"
"""Custom property of ingested Examples: `SplitSummary` records as JSON."""

SEARCH_PROPERTY = "search"
"""Custom property of HyperParameters: what the search for them came to, as JSON."""
PICTURE = "picture"
"""In there: the path of a picture of the search."""

_RUN_CONTEXT, _NODE_CONTEXT = "pipeline_run", "node"
_OUTPUTS = (mlmd.Event.OUTPUT, mlmd.Event.DECLARED_OUTPUT)
_INPUTS = (mlmd.Event.INPUT, mlmd.Event.DECLARED_INPUT)


@dataclass(frozen=True)
class Linked:
    """An artifact that went into an execution or came out of it, and under which key."""

    artifact: mlmd.Artifact
    key: str


class Lineage:
    """Executions, in the order in which they began, with what went in and came out.

    Args:
      store: holds them.
      executions: all that matter; artifacts of others are not looked at.
    """

    def __init__(self, store: MetadataStore, executions: Sequence[mlmd.Execution]) -> None:
        self._store = store
        self.executions = sorted(executions, key=lambda execution: execution.id)
        events = store.get_events_by_execution_ids([each.id for each in self.executions])
        artifacts = store.get_artifacts_by_id(sorted({event.artifact_id for event in events}))
        self._artifacts = {artifact.id: artifact for artifact in artifacts}
        self._events: dict[int, list[mlmd.Event]] = {each.id: [] for each in self.executions}
        for event in events:
            self._events[event.execution_id].append(event)
        self._producers: dict[int, mlmd.Execution] = {}
        for execution in self.executions:
            for linked in self.outputs(execution):
                self._producers.setdefault(linked.artifact.id, execution)

    def inputs(self, execution: mlmd.Execution) -> list[Linked]:
        """Returns what went into an execution."""
        return self._linked(execution, _INPUTS)

    def outputs(self, execution: mlmd.Execution) -> list[Linked]:
        """Returns what came out of an execution, made by it or found in the cache."""
        return self._linked(execution, _OUTPUTS)

    def input(self, execution: mlmd.Execution, key: str) -> mlmd.Artifact | None:
        """Returns what went in under a key, if anything did."""
        return _first(self.inputs(execution), key)

    def output(self, execution: mlmd.Execution, key: str) -> mlmd.Artifact | None:
        """Returns what came out under a key, if anything did."""
        return _first(self.outputs(execution), key)

    def artifacts(self, type_name: str) -> list[mlmd.Artifact]:
        """Returns all artifacts of a type, in the order in which they were made."""
        found = (artifact for artifact in self._artifacts.values() if artifact.type == type_name)
        return sorted(found, key=lambda artifact: artifact.id)

    def producer(self, artifact: mlmd.Artifact) -> mlmd.Execution | None:
        """Returns the execution that made an artifact; later ones found it in the cache."""
        return self._producers.get(artifact.id)

    def ancestors(self, artifact: mlmd.Artifact) -> list[mlmd.Artifact]:
        """Returns an artifact after all that led to it, in the order in which they were made."""
        found: dict[int, mlmd.Artifact] = {}
        ahead = [artifact]
        while ahead:
            each = ahead.pop()
            if each.id not in found:
                found[each.id] = each
                execution = self.producer(each)
                ahead += [linked.artifact for linked in self.inputs(execution)] if execution else []
        return sorted(found.values(), key=lambda each: each.id)

    def node_of(self, execution: mlmd.Execution) -> str:
        """Returns the name of the pipeline's node, or the execution's type where it has none."""
        # TFX names a node's context "<pipeline>.<node>".
        name = self._context_of(execution, _NODE_CONTEXT)
        return (name.partition(".")[2] or name) if name else execution.type

    def run_of(self, execution: mlmd.Execution) -> str | None:
        """Returns the name of the run."""
        return self._context_of(execution, _RUN_CONTEXT)

    def _context_of(self, execution: mlmd.Execution, type_name: str) -> str | None:
        contexts = self._store.get_contexts_by_execution(execution.id)
        return next((context.name for context in contexts if context.type == type_name), None)

    def _linked(self, execution: mlmd.Execution, kinds: Sequence[int]) -> list[Linked]:
        return [
            Linked(
                self._artifacts[event.artifact_id],
                next((step.key for step in event.path.steps if step.key), ""),
            )
            for event in self._events[execution.id]
            if event.type in kinds
        ]


def find_runs(store: MetadataStore, pipeline: mlmd.Context) -> list[mlmd.Context]:
    """Returns the runs of a pipeline, oldest first."""
    children = store.get_children_contexts_by_context(pipeline.id)
    runs = [context for context in children if context.type == _RUN_CONTEXT]
    return sorted(runs, key=lambda context: context.id)


def _first(found: list[Linked], key: str) -> mlmd.Artifact | None:
    return next((linked.artifact for linked in found if linked.key == key), None)
