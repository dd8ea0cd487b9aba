"""What ML Metadata knows of one run: its stages, its artifacts and how they hang together."""

import os
from dataclasses import dataclass
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.run_result import LineageEntry, StageRun

_STATES = {
    mlmd.Execution.COMPLETE: "ran",
    mlmd.Execution.CACHED: "cached",
    mlmd.Execution.FAILED: "failed",
}
_OUTPUTS = (mlmd.Event.OUTPUT, mlmd.Event.DECLARED_OUTPUT)
_INPUTS = (mlmd.Event.INPUT, mlmd.Event.DECLARED_INPUT)


@dataclass(frozen=True)
class ProducedArtifact:
    """An artifact of the run: the node that gave it, under which key, from which artifacts."""

    artifact: mlmd.Artifact
    node: str
    key: str
    inputs: tuple[int, ...]


class RunMetadata:
    """The latest run of a pipeline.

    Args:
      database: the sqlite file.
      pipeline_name: whose runs.

    Raises:
      LookupError: the pipeline has no run.
    """

    def __init__(self, database: Path, pipeline_name: str) -> None:
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(database)
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READONLY
        self._store = metadata_store.MetadataStore(config)
        pipeline = self._store.get_context_by_type_and_name("pipeline", pipeline_name)
        runs = (
            [
                context
                for context in self._store.get_children_contexts_by_context(pipeline.id)
                if context.type == "pipeline_run"
            ]
            if pipeline
            else []
        )
        if not runs:
            raise LookupError(f"no run of {pipeline_name} in {database}")
        self._run = max(runs, key=lambda context: context.id)
        executions = self._store.get_executions_by_context(self._run.id)
        self._executions = sorted(executions, key=lambda execution: execution.id)

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self._run.name

    def stages(self) -> tuple[StageRun, ...]:
        """Returns the stages in the order in which they ran."""
        return tuple(
            StageRun(
                name=self._node_of(execution),
                state=_STATES.get(execution.last_known_state, "skipped"),
                seconds=(execution.last_update_time_since_epoch - execution.create_time_since_epoch)
                / 1000
                if execution.last_known_state == mlmd.Execution.COMPLETE
                else 0.0,
            )
            for execution in self._executions
        )

    def artifacts(self) -> list[ProducedArtifact]:
        """Returns what the run's stages put out, cached or not, in order."""
        events = self._store.get_events_by_execution_ids([each.id for each in self._executions])
        of = {artifact.id: artifact for artifact in self._artifacts(events)}
        return [
            ProducedArtifact(
                artifact=of[event.artifact_id],
                node=self._node_of(execution),
                key=next(step.key for step in event.path.steps if step.key),
                inputs=tuple(
                    other.artifact_id
                    for other in events
                    if other.execution_id == execution.id and other.type in _INPUTS
                ),
            )
            for execution in self._executions
            for event in events
            if event.execution_id == execution.id and event.type in _OUTPUTS
        ]

    def output(self, node: str, key: str) -> mlmd.Artifact:
        """Returns the artifact that a node put out under a key.

        Raises:
          LookupError: there is none.
        """
        for produced in self.artifacts():
            if (produced.node, produced.key) == (node, key):
                return produced.artifact
        raise LookupError(f"run {self.run_id} has no output {key!r} of {node}")

    def lineage(self) -> tuple[LineageEntry, ...]:
        """Returns the run's artifacts as the report shows them."""
        return tuple(
            LineageEntry(
                artifact_id=produced.artifact.id,
                type_name=produced.artifact.type,
                uri=os.fspath(produced.artifact.uri),
                producer=produced.node,
                inputs=produced.inputs,
            )
            for produced in self.artifacts()
        )

    def _artifacts(self, events: list[mlmd.Event]) -> list[mlmd.Artifact]:
        return self._store.get_artifacts_by_id(sorted({event.artifact_id for event in events}))

    def _node_of(self, execution: mlmd.Execution) -> str:
        for context in self._store.get_contexts_by_execution(execution.id):
            if context.type == "node":
                # TFX names a node's context "<pipeline>.<node>".
                return context.name.partition(".")[2] or context.name
        return execution.type
