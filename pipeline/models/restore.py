"""What was pushed on another machine, put into this workspace's folder of pushed models.

Where artifacts are in a bucket, several machines have one lineage, but each a folder that its model
server watches. A run and the commands on models begin with what the lineage says was pushed last.
"""

import shutil
import sys
from pathlib import Path

from ml_metadata.metadata_store.metadata_store import MetadataStore

from pipeline.database import may_exist
from pipeline.home import own_pipelines
from pipeline.lineage import SERVING_MODEL, Lineage
from pipeline.pushes import Push, read_pushes
from pipeline.store import open_store, waiting_for
from pipeline.workspace import Workspace, hold_promotions
from schema.errors import InputError
from serving.model_folder import add_version, clear_drafts, is_ready, ready_versions


def restore_pushed(workspace: Workspace) -> list[Path]:
    """Makes the newest push of each pipeline be there, unless there is one as new.

    Returns:
      the folders of the versions that were added.

    Raises:
      InputError: the lineage or the bucket cannot be read, or the folder not be written.
    """
    if workspace.artifacts.address is None or not may_exist(workspace.database):
        return []
    added = []
    with hold_promotions(workspace.folder), waiting_for(workspace.database):
        store = open_store(workspace.database)
        for context in own_pipelines(store, workspace):
            pushes = read_pushes(Lineage(store, store.get_executions_by_context(context.id)))
            newest = pushes[-1] if pushes else None
            there = max(ready_versions(workspace.pushed / context.name), default=0)
            if newest is not None and newest.version > there:
                added += _restore(workspace, store, context.name, newest)
    return added


def _restore(workspace: Workspace, store: MetadataStore, pipeline: str, push: Push) -> list[Path]:
    [model] = store.get_artifacts_by_id([push.model_id])
    source = workspace.artifacts.local(model.uri) / SERVING_MODEL
    if not is_ready(source):
        sys.stderr.write(
            f"version {push.version} of {pipeline} serves elsewhere, and its files are gone: "
            f"{model.uri}\n"
        )
        return []
    base_path = workspace.pushed / pipeline
    clear_drafts(base_path)

    def copy(folder: Path) -> None:
        shutil.copytree(source, folder)

    try:
        return [add_version(base_path, copy, number=push.version)]
    except OSError as error:
        raise InputError(
            f"expected to add version {push.version} to {base_path}, got {error}: mend the "
            "permissions or the disk"
        ) from None
