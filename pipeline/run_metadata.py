"""What ML Metadata knows of one run: its stages, its artifacts and how they hang together."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.buckets.artifacts import Artifacts
from pipeline.database import Database
from pipeline.lineage import PICTURE, PIPELINE_CONTEXT, SEARCH_PROPERTY, Lineage, find_runs
from pipeline.run_result import LineageEntry, StageRun
from pipeline.store import open_store

_STATES = {
    mlmd.Execution.COMPLETE: "ran",
    mlmd.Execution.CACHED: "cached",
    mlmd.Execution.FAILED: "failed",
}


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
      database: of the workspace.
      pipeline_name: whose runs.
      artifacts: where those of the workspace are; may be left out where they are in folders.

    Raises:
      InputError: there is no database.
      LookupError: the pipeline has no run.
    """

    def __init__(
        self, database: Database, pipeline_name: str, artifacts: Artifacts | None = None
    ) -> None:
        store = open_store(database)
        pipeline = store.get_context_by_type_and_name(PIPELINE_CONTEXT, pipeline_name)
        runs = find_runs(store, pipeline) if pipeline else []
        if not runs:
            raise LookupError(f"no run of {pipeline_name} in {database}")
        self._run = runs[-1]
        self._artifacts = artifacts or Artifacts(Path())
        self._lineage = Lineage(store, store.get_executions_by_context(self._run.id))

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self._run.name

    def stages(self) -> tuple[StageRun, ...]:
        """Returns the stages in the order in which they ran."""
        return tuple(
            StageRun(
                name=self._lineage.node_of(execution),
                state=_STATES.get(execution.last_known_state, "skipped"),
                seconds=(execution.last_update_time_since_epoch - execution.create_time_since_epoch)
                / 1000
                if execution.last_known_state == mlmd.Execution.COMPLETE
                else 0.0,
            )
            for execution in self._lineage.executions
        )

    def artifacts(self) -> list[ProducedArtifact]:
        """Returns what the run's stages put out, cached or not, in order."""
        return [
            ProducedArtifact(
                artifact=linked.artifact,
                node=self._lineage.node_of(execution),
                key=linked.key,
                inputs=tuple(each.artifact.id for each in self._lineage.inputs(execution)),
            )
            for execution in self._lineage.executions
            for linked in self._lineage.outputs(execution)
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

    def folder(self, node: str, key: str) -> Path:
        """Returns the folder of the artifact that a node put out under a key, on this machine.

        Raises:
          LookupError: there is none.
          InputError: it cannot be fetched from the bucket that has it.
        """
        return self._artifacts.local(self.output(node, key).uri)

    def search(self) -> dict[str, Any] | None:
        """Returns what the run's search for hyperparameters came to, None where it had none."""
        for produced in self.artifacts():
            if SEARCH_PROPERTY in produced.artifact.custom_properties:
                told = produced.artifact.custom_properties[SEARCH_PROPERTY].string_value
                found: dict[str, Any] = json.loads(told)
                if PICTURE in found:
                    found[PICTURE] = str(self._artifacts.local(found[PICTURE]))
                return found
        return None

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
