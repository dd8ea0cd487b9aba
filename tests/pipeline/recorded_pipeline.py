"""Lineages as TFX leaves them, written with ML Metadata alone: no pipeline runs for them."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.evaluation.verdict import write_verdict
from pipeline.store import CREATE, open_store
from pipeline.workspace import Workspace
from serving.model_folder import ready_versions

FIRST_VERSION = 1_700_000_000
SYSTEM_TYPES = {
    "Model": mlmd.ArtifactType.MODEL,
    "PushedModel": mlmd.ArtifactType.MODEL,
    "Examples": mlmd.ArtifactType.DATASET,
}


@dataclass
class RecordedPipeline:
    """A pipeline whose runs are made up: each method is what a component would have left."""

    folder: Path
    name: str = "sample-lines"
    versions: list[int] = field(default_factory=list)

    def __post_init__(self):
        self.workspace = Workspace(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = open_store(self.workspace.database, CREATE)
        self.base_path = self.workspace.pushed / self.name
        self.pipeline = self._context("pipeline", self.name)
        self.run = self._context("pipeline_run", f"{self.name}-run")
        self.store.put_parent_contexts(
            [mlmd.ParentContext(child_id=self.run.id, parent_id=self.pipeline.id)]
        )

    def ingest(self):
        summaries = [{"name": "train", "examples": 40}, {"name": "test", "examples": 4}]
        properties = {
            "source": "span 3 version 1",
            "split_summaries": json.dumps(summaries),
            "span": 3,
            "version": 1,
            "input_fingerprint": "sum_checksum:77",
        }
        examples = self.artifact("Examples", **properties)
        self.execute("LineExampleGen", {}, {"examples": examples})
        transformed = self.artifact("Examples")
        self.execute("Transform", {"examples": examples}, {"transformed_examples": transformed})
        return transformed

    def train(self, content="graph", examples=None, search=None, **config):
        told = {
            "dataset": "sample",
            "task": "lines",
            "network": "lstm_ctc",
            "version": "c0de",
            "seed": 7,
            "hyperparameters": {"dropout": 0.2},
        }
        examples = examples or self.ingest()
        model = self.artifact("Model")
        inputs = {"examples": examples}
        if search is not None:
            inputs["hyperparameters"] = self.artifact("HyperParameters", search=json.dumps(search))
            outputs = {"best_hyperparameters": inputs["hyperparameters"]}
            self.execute("Tuner", {"examples": examples}, outputs)
        self.execute(
            "Trainer",
            inputs,
            {"model": model},
            custom_config=json.dumps(told | config),
            train_args=json.dumps({"num_steps": 40}),
            nested=json.dumps(json.dumps({"as": "TFX\\ it"})),
        )
        folder = Path(model.uri) / "Format-Serving"
        (folder / "variables").mkdir(parents=True)
        (folder / "variables" / "variables.index").write_text(f"weights of {content}")
        (folder / "saved_model.pb").write_text(content)
        return model

    def judge(self, model, blessed=True, reason="", baseline=None, verdict=None):
        blessing = self.artifact("ModelBlessing", blessed=int(blessed), reason=reason)
        evaluation = self.artifact("ModelEvaluation")
        inputs = {"model": model} | ({"baseline_model": baseline} if baseline else {})
        self.execute("Evaluator", inputs, {"blessing": blessing, "evaluation": evaluation})
        if verdict is not None:
            write_verdict(verdict, Path(evaluation.uri))

    def validate(self, model, blessed, reason=""):
        blessing = self.artifact("InfraBlessing", blessed=int(blessed), reason=reason)
        self.execute("InfraValidator", {"model": model}, {"blessing": blessing})

    def push(self, model, version=None):
        """Leaves what the Pusher leaves of a blessed model; returns the version."""
        version = version or FIRST_VERSION + 100 * len(self.versions)
        self.versions.append(version)
        folder = self.base_path / str(version)
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_text((_files(model) / "saved_model.pb").read_text())
        self._push(model, pushed=1, pushed_destination=str(folder), pushed_version=str(version))
        return version

    def refuse_push(self, model):
        """Leaves what the Pusher leaves of a model that was not blessed."""
        self._push(model, pushed=0)

    def push_from_cache(self):
        """Leaves what a Pusher leaves that has found its last push in the cache."""
        [*_, pushed] = self.store.get_artifacts_by_type("PushedModel")
        self.execute("Pusher", {}, {"pushed_model": pushed}, state=mlmd.Execution.CACHED)

    def serving(self):
        """Returns what the version that serves holds."""
        ready = ready_versions(self.base_path)
        return (ready[max(ready)] / "saved_model.pb").read_text()

    def artifact(self, type_name, **properties):
        kind = mlmd.ArtifactType(name=type_name)
        if type_name in SYSTEM_TYPES:
            kind.base_type = SYSTEM_TYPES[type_name]
        made = mlmd.Artifact(type_id=self.store.put_artifact_type(kind), state=mlmd.Artifact.LIVE)
        made.uri = str(self.folder / "artifacts" / f"{type_name}-{time.monotonic_ns()}")
        _set(made.custom_properties, properties)
        [made.id] = self.store.put_artifacts([made])
        return made

    def execute(self, node, inputs, outputs, state=mlmd.Execution.COMPLETE, **properties):
        type_id = self.store.put_execution_type(mlmd.ExecutionType(name=f"tfx.{node}"))
        execution = mlmd.Execution(type_id=type_id, last_known_state=state)
        _set(execution.custom_properties, properties)
        linked = [(each, _event(mlmd.Event.INPUT, key)) for key, each in inputs.items()]
        linked += [(each, _event(mlmd.Event.OUTPUT, key)) for key, each in outputs.items()]
        contexts = [self.pipeline, self.run, self._context("node", f"{self.name}.{node}")]
        self.store.put_execution(execution, linked, contexts)

    def _push(self, model, **properties):
        self.execute("Pusher", {"model": model}, {"pushed_model": self._pushed(properties)})

    def _pushed(self, properties):
        return self.artifact("PushedModel", **properties)

    def _context(self, type_name, name):
        found = self.store.get_context_by_type_and_name(type_name, name)
        if found is None:
            kind = self.store.put_context_type(mlmd.ContextType(name=type_name))
            self.store.put_contexts([mlmd.Context(type_id=kind, name=name)])
            found = self.store.get_context_by_type_and_name(type_name, name)
        return found


def _files(model):
    return Path(model.uri) / "Format-Serving"


def _set(properties, values):
    for key, value in values.items():
        if isinstance(value, int):
            properties[key].int_value = value
        else:
            properties[key].string_value = value


def _event(kind, key):
    event = mlmd.Event(type=kind)
    event.path.steps.add().key = key
    event.path.steps.add().index = 0
    return event
