"""Reads the models of a pipeline from the lineage: how each was made, and what it came to."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.buckets.artifacts import Artifacts
from pipeline.lineage import (
    SEARCH_PROPERTY,
    SERVING_MODEL,
    SOURCE_PROPERTY,
    SUMMARY_PROPERTY,
    Lineage,
)
from pipeline.models.judgement import InfraCheck, Judgement, read_infra_checks, read_judgements
from pipeline.pushes import MODEL, MODEL_KEY, Push
from pipeline.run_result import LineageEntry

FACTS_PROPERTY = "facts"
"""Custom property of Model artifacts: cost, origin and environment, as JSON."""

_MODEL_RUN_KEY = "model_run"
_EXAMPLES = "Examples"
_TUNED = "hyperparameters"
"""Under which key a Trainer has what a search before it found."""
_CUSTOM_CONFIG, _TRAIN_ARGS = "custom_config", "train_args"
_SPAN, _VERSION, _FINGERPRINT = "span", "version", "input_fingerprint"


@dataclass(frozen=True)
class Recipe:
    """How a model was made, as the Trainer was told.

    Args:
      dataset, task, network: as on the command line.
      code: hash of the code that trained.
      seed: decided everything random.
      train_steps: batches.
      hyperparameters: of the network and its training.
    """

    dataset: str
    task: str
    network: str
    code: str
    seed: int
    train_steps: int
    hyperparameters: dict[str, Any]


@dataclass(frozen=True)
class DataSource:
    """Ingested examples that a model learned from.

    Args:
      artifact_id: of the Examples artifact.
      source: what was read.
      span, version: of the delivery, where the source has such.
      fingerprint: TFX's, of the files.
      splits: split -> number of examples.
    """

    artifact_id: int
    source: str
    span: str
    version: str
    fingerprint: str
    splits: dict[str, int]


@dataclass(frozen=True)
class TrainedModel:
    """A model that a Trainer made.

    Args:
      model_id: of the Model artifact.
      folder: its SavedModel, here once it was fetched.
      milliseconds: when it was made, since 1970.
      run: that trained it; later ones may have found it in the cache.
      recipe: how.
      data: from what.
      judgement: the gate's last word, None where it was not asked.
      infra: the last word of the infrastructure's validation, None where it was not asked.
      pushes: its versions, by rising number.
      lineage: the artifacts that led to it and itself.
      facts: latency, size, origin and environment, as the Trainer noted them; may be empty.
      model_run: folder of its learning curve, here once it was fetched; None where there is none.
    """

    model_id: int
    folder: Path
    milliseconds: int
    run: str
    recipe: Recipe
    data: tuple[DataSource, ...]
    judgement: Judgement | None
    infra: InfraCheck | None
    pushes: tuple[Push, ...]
    lineage: tuple[LineageEntry, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    model_run: Path | None = None

    @property
    def refusal(self) -> str | None:
        """Why it may not be pushed without force; None where it may."""
        if self.judgement is None:
            return "it was not judged here"
        if not self.judgement.blessed:
            return f"the gate refused it ({self.judgement.reason or 'the run kept no reason'})"
        if self.infra is not None and not self.infra.passed:
            return f"the model server refused it ({self.infra.reason or 'the run kept no reason'})"
        return None


def read_models(
    lineage: Lineage, pushes: Sequence[Push], artifacts: Artifacts
) -> Iterator[TrainedModel]:
    """Yields the models that were trained, oldest first; one from the cache counts once.

    Args:
      lineage: of one pipeline.
      pushes: of it.
      artifacts: where they are; figures are fetched where it takes that, models are not.
    """
    judgements, infra = read_judgements(lineage, artifacts), read_infra_checks(lineage)
    seen = set()
    for execution in lineage.executions:
        model = lineage.output(execution, MODEL_KEY)
        if model is None or model.type != MODEL or model.id in seen:
            continue
        seen.add(model.id)
        ancestors = lineage.ancestors(model)
        model_run = lineage.output(execution, _MODEL_RUN_KEY)
        yield TrainedModel(
            model_id=model.id,
            folder=artifacts.path_of(model.uri) / SERVING_MODEL,
            milliseconds=model.create_time_since_epoch,
            run=lineage.run_of(execution) or "",
            recipe=_read_recipe(execution, lineage.input(execution, _TUNED)),
            data=read_sources(ancestors),
            judgement=judgements.get(model.id),
            infra=infra.get(model.id),
            pushes=tuple(push for push in pushes if push.model_id == model.id),
            lineage=tuple(_entry(lineage, artifact) for artifact in ancestors),
            facts=json.loads(_text(model.custom_properties, FACTS_PROPERTY) or "{}"),
            model_run=artifacts.path_of(model_run.uri) if model_run else None,
        )


def read_sources(artifacts: Sequence[mlmd.Artifact]) -> tuple[DataSource, ...]:
    """Returns what was ingested, of artifacts that led to something."""
    return tuple(
        _read_source(artifact)
        for artifact in artifacts
        if artifact.type == _EXAMPLES and SOURCE_PROPERTY in artifact.custom_properties
    )


def _read_recipe(execution: mlmd.Execution, tuned: mlmd.Artifact | None) -> Recipe:
    """Reads what the Trainer was told, and what a search before it found.

    What an older pipeline did not tell it stays empty.
    """
    properties = execution.custom_properties
    config = json.loads(properties[_CUSTOM_CONFIG].string_value)
    train_args = json.loads(properties[_TRAIN_ARGS].string_value)
    hyperparameters, steps = config.get("hyperparameters", {}), train_args["num_steps"]
    if tuned is not None:
        found = json.loads(tuned.custom_properties[SEARCH_PROPERTY].string_value)
        hyperparameters, steps = found["hyperparameters"], found["train_steps"]
    return Recipe(
        dataset=config.get("dataset", ""),
        task=config.get("task", ""),
        network=config.get("network", ""),
        code=config.get("version", ""),
        seed=config.get("seed", 0),
        train_steps=steps,
        hyperparameters=hyperparameters,
    )


def _read_source(examples: mlmd.Artifact) -> DataSource:
    properties = examples.custom_properties
    summaries = json.loads(properties[SUMMARY_PROPERTY].string_value)
    return DataSource(
        artifact_id=examples.id,
        source=properties[SOURCE_PROPERTY].string_value,
        span=_text(properties, _SPAN),
        version=_text(properties, _VERSION),
        fingerprint=_text(properties, _FINGERPRINT),
        splits={summary["name"]: summary["examples"] for summary in summaries},
    )


def _text(properties: Any, key: str) -> str:
    """Returns a property as text, empty where it is absent; TFX sets some as numbers."""
    if key not in properties:
        return ""
    value = properties[key]
    return value.string_value or str(value.int_value)


def _entry(lineage: Lineage, artifact: mlmd.Artifact) -> LineageEntry:
    producer = lineage.producer(artifact)
    return LineageEntry(
        artifact_id=artifact.id,
        type_name=artifact.type,
        uri=artifact.uri,
        producer=lineage.node_of(producer) if producer else "",
        inputs=tuple(linked.artifact.id for linked in lineage.inputs(producer)) if producer else (),
    )
