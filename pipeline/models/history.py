"""The history of one pipeline: every model it trained, every version, and what serves."""

from dataclasses import dataclass
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.buckets.artifacts import Artifacts
from pipeline.home import own_pipelines
from pipeline.lineage import Lineage
from pipeline.models.trained import TrainedModel, read_models
from pipeline.pushes import Push, read_pushes
from pipeline.store import open_store, waiting_for
from pipeline.workspace import Workspace
from schema.errors import InputError
from serving.model_folder import MODEL_FILE, is_ready, ready_versions


@dataclass(frozen=True)
class History:
    """All of one pipeline.

    Args:
      pipeline: its name.
      base_path: the folder of its pushed versions.
      models: newest first.
      pushes: by rising version.
      artifacts: where those of the runs are.
      serving_version: the highest that is in the folder, by whomever it was put there: what
        TensorFlow Serving loads. None where there is none.
    """

    pipeline: str
    base_path: Path
    models: tuple[TrainedModel, ...]
    pushes: tuple[Push, ...]
    artifacts: Artifacts
    serving_version: int | None

    @property
    def serving(self) -> Push | None:
        """The push that serves; None where nothing does, or a version that was put by hand."""
        return next((each for each in self.pushes if each.version == self.serving_version), None)

    def find(self, text: str) -> TrainedModel:
        """Returns a model by its id or by a version of it.

        Raises:
          InputError: there is none, or two that could be meant.
        """
        found = [
            model
            for model in self.models
            if text in (str(model.model_id), *(str(push.version) for push in model.pushes))
        ]
        if len(found) == 1:
            return found[0]
        told = ", ".join(str(model.model_id) for model in found or self.models) or "none"
        raise InputError(
            f"expected the id of one model of {self.pipeline} or one of its versions, got {text}, "
            f"which is {'both' if found else 'neither'}: the ids are {told}"
        )

    def model(self, model_id: int) -> TrainedModel:
        """Returns a model that was trained or pushed here."""
        return next(model for model in self.models if model.model_id == model_id)

    def files_of(self, model: TrainedModel) -> Path:
        """Returns a SavedModel of a model: the Trainer's, or a pushed copy where that is gone.

        Raises:
          InputError: all are gone, or the bucket that has the Trainer's cannot be read.
        """
        self.artifacts.local(model.folder)
        copies = [self.base_path / str(push.version) for push in reversed(model.pushes)]
        for folder in (model.folder, *copies):
            if is_ready(folder):
                return folder
        raise InputError(
            f"expected the files of model {model.model_id}, got no {MODEL_FILE} in {model.folder} "
            "nor in a pushed version: choose another model, or train it again"
        )


def read_history(workspace: Workspace, pipeline: str | None) -> History:
    """Reads all that there is of a pipeline.

    Args:
      workspace: where.
      pipeline: its name; None for the only one.

    Raises:
      InputError: there is no database, no such pipeline, or several and no name; or the database
        is locked.
    """
    with waiting_for(workspace.database):
        store = open_store(workspace.database)
        context = _choose_pipeline(own_pipelines(store, workspace), pipeline)
        lineage = Lineage(store, store.get_executions_by_context(context.id))
        base_path = workspace.pushed / context.name
        pushes = read_pushes(lineage)
        return History(
            pipeline=context.name,
            base_path=base_path,
            models=tuple(reversed(list(read_models(lineage, pushes, workspace.artifacts)))),
            pushes=tuple(pushes),
            artifacts=workspace.artifacts,
            serving_version=max(ready_versions(base_path), default=None),
        )


def _choose_pipeline(contexts: list[mlmd.Context], name: str | None) -> mlmd.Context:
    named = {context.name: context for context in contexts}
    if name is None and len(named) == 1:
        return contexts[0]
    if name in named:
        return named[name]
    got = "none" if name is None else name
    raise InputError(
        f"expected --pipeline with the name of one, got {got}: the workspace has "
        f"{', '.join(sorted(named)) or 'no pipeline that ran'}"
    )
