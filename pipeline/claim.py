"""Makes database and place of artifacts those of a run, before anything heavy is imported.

On a server several workspaces may share a database. Each pipeline in it belongs to one of them:
two that wrote the history of one pipeline would each take the other's models for their own. Those
that keep their artifacts in the same place of a bucket are one to it: each goes on where the last
one stopped.
"""

from pathlib import Path

from ml_metadata import errors
from ml_metadata.metadata_store.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.buckets.artifacts import Artifacts
from pipeline.config import PipelineConfig
from pipeline.database import Database, ServerDatabase, may_exist
from pipeline.home import HOME, ROOT
from pipeline.store import CREATE, open_store
from pipeline.workspace import ARTIFACTS_FILE, METADATA_FILE, Workspace
from schema.errors import InputError
from serving.whole_file import write_whole


def claim_database(config: PipelineConfig) -> None:
    """Opens the database of a run that holds its workspace, and looks at the place of artifacts.

    Raises:
      InputError: one of them cannot be used, or is not the one that the workspace has, or another
        workspace has a pipeline of this name in the database.
    """
    workspace = Workspace(config.workspace)
    present = workspace.database
    check_artifacts(workspace, config.artifacts)
    if may_exist(present) and config.database != present:
        raise InputError(
            f"expected the metadata where the workspace has them, {present}, got --metadata "
            f"{config.database}: leave it out, or choose another workspace with --workspace"
        )
    if isinstance(config.database, ServerDatabase):
        _claim(open_store(config.database, CREATE), config)
    elif may_exist(present):
        open_store(config.database, CREATE)
    remember(workspace, config.database, config.artifacts)


def check_artifacts(workspace: Workspace, artifacts: Artifacts) -> None:
    """Looks whether artifacts can be kept where they are to be.

    Raises:
      InputError: the bucket cannot be written, or the workspace has artifacts elsewhere.
    """
    present = workspace.artifacts
    if artifacts != present and (present.address or may_exist(workspace.database)):
        raise InputError(
            f"expected the artifacts where the workspace has them, {present}, got --artifacts "
            f"{artifacts}: leave it out, or choose another workspace with --workspace"
        )
    artifacts.check()


def remember(workspace: Workspace, database: Database, artifacts: Artifacts) -> None:
    """Has later runs and commands use the same."""
    if artifacts.address is not None:
        write_whole(workspace.folder / ARTIFACTS_FILE, f"{artifacts.address}\n".encode())
    if isinstance(database, ServerDatabase):
        write_whole(workspace.folder / METADATA_FILE, f"{database}\n".encode())


def _claim(store: MetadataStore, config: PipelineConfig) -> None:
    root = config.artifact_root
    kind = mlmd.ContextType(name=HOME, properties={ROOT: mlmd.STRING})
    home = mlmd.Context(type_id=store.put_context_type(kind), name=config.pipeline_name)
    home.properties[ROOT].string_value = root
    try:
        store.put_contexts([home])
        store.put_contexts([home])  # to hear now how the server refuses, not in the middle of a run
    except errors.InternalError as error:
        raise InputError(
            f"expected the database {config.database} on a server that refuses in English, as ML "
            f"Metadata needs, got {' '.join(str(error).split())}: set the server's lc_messages"
        ) from None
    except errors.AlreadyExistsError:  # names are unique, also when two come at once
        found = store.get_context_by_type_and_name(HOME, config.pipeline_name)
        if (owner := found.properties[ROOT].string_value) != root:
            place = owner.removesuffix(f"/{config.pipeline_name}")
            kept_here = Path(owner).is_absolute()
            go_on = "use that workspace" if kept_here else f"go on with it by --artifacts {place}"
            raise InputError(
                f"expected a database without a {config.pipeline_name} of another workspace, got "
                f"{config.database} with that of {owner}: {go_on}, or name another database"
            ) from None
