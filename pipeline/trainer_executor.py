"""Trainer's executor: tells `run_fn` where in the lineage it is, and notes facts of the model.

What is known only while a run goes on, as its id, is no parameter of the component: the cache would
never find anything again.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

from tfx.components.trainer.executor import GenericExecutor
from tfx.types import Artifact
from tfx.utils import json_utils

from pipeline.database import Database, read_database
from pipeline.lineage import PIPELINE_CONTEXT, Lineage
from pipeline.models.trained import FACTS_PROPERTY, read_sources
from pipeline.source_state import read_source_state
from pipeline.standby import get_ready
from pipeline.store import open_store
from trainer_module.run_fn import FACTS_FILE
from trainer_module.run_origin import RunOrigin

DATABASE = "database"
"""In the Trainer's custom_config: the ML Metadata database, as text; not for `run_fn`."""

_CONFIG = "custom_config"
_NOTED = ("latency_ms", "model_bytes", "seed", "code", "origin", "environment", "validation")


class LocatedTrainerExecutor(GenericExecutor):
    """Runs `run_fn` as TFX's does."""

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Trains, then notes the model's facts on its artifact."""
        get_ready()  # the InfraValidator will run too
        config = json_utils.loads(exec_properties[_CONFIG])
        database = read_database(config.pop(DATABASE))
        [examples], [model] = input_dict["examples"], output_dict["model"]
        config["run"] = dataclasses.asdict(self._find_origin(database, examples, model))
        told = {**exec_properties, _CONFIG: json_utils.dumps(config)}
        super().Do(input_dict, output_dict, told)
        [model_run] = output_dict["model_run"]
        facts = json.loads((Path(model_run.uri) / FACTS_FILE).read_text(encoding="utf-8"))
        noted = {key: value for key, value in facts.items() if key in _NOTED}
        model.set_string_custom_property(FACTS_PROPERTY, json.dumps(noted))

    def _find_origin(self, database: Database, examples: Artifact, model: Artifact) -> RunOrigin:
        pipeline = self._context.pipeline_info.id
        state = read_source_state()
        return RunOrigin(
            pipeline=pipeline,
            pipeline_run=self._context._pipeline_run_id or "",
            model=Path(model.uri).name,
            examples=examples.id,
            data=_read_data(database, pipeline, examples.id),
            commit=state.commit,
            diff=state.diff,
        )


def _read_data(database: Database, pipeline: str, examples: int) -> list[dict[str, Any]]:
    """Returns what examples were made from, as the lineage has it."""
    store = open_store(database)
    context = store.get_context_by_type_and_name(PIPELINE_CONTEXT, pipeline)
    [artifact] = store.get_artifacts_by_id([examples])
    lineage = Lineage(store, store.get_executions_by_context(context.id))
    return [dataclasses.asdict(source) for source in read_sources(lineage.ancestors(artifact))]
