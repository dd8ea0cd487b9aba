"""Makes a database the one of a run, before anything heavy is imported: opens and claims it.

On a server several workspaces may share a database. Each pipeline in it belongs to one of them:
two that wrote the history of one pipeline would each take the other's models for their own.
"""

from ml_metadata import errors
from ml_metadata.metadata_store.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.config import PipelineConfig
from pipeline.database import ServerDatabase, may_exist
from pipeline.store import CREATE, open_store
from pipeline.workspace import METADATA_FILE, Workspace
from schema.errors import InputError
from serving.whole_file import write_whole

_HOME, _ROOT = "pipeline_home", "root"
"""Our context type, whose contexts are named as the pipelines, and its property."""


def claim_database(config: PipelineConfig) -> None:
    """Opens the database of a run that holds its workspace.

    Raises:
      InputError: it cannot be used, or it is not the one that the workspace has, or another
        workspace has a pipeline of this name in it.
    """
    workspace = Workspace(config.workspace)
    present = workspace.database
    if may_exist(present) and config.database != present:
        raise InputError(
            f"expected the metadata where the workspace has them, {present}, got --metadata "
            f"{config.database}: leave it out, or choose another workspace with --workspace"
        )
    if isinstance(config.database, ServerDatabase):
        _claim(open_store(config.database, CREATE), config)
        write_whole(workspace.folder / METADATA_FILE, f"{config.database}\n".encode())
    elif may_exist(present):
        open_store(config.database, CREATE)


def _claim(store: MetadataStore, config: PipelineConfig) -> None:
    root = str(config.pipeline_root)
    kind = mlmd.ContextType(name=_HOME, properties={_ROOT: mlmd.STRING})
    home = mlmd.Context(type_id=store.put_context_type(kind), name=config.pipeline_name)
    home.properties[_ROOT].string_value = root
    try:
        store.put_contexts([home])
        store.put_contexts([home])  # to hear now how the server refuses, not in the middle of a run
    except errors.InternalError as error:
        raise InputError(
            f"expected the database {config.database} on a server that refuses in English, as ML "
            f"Metadata needs, got {' '.join(str(error).split())}: set the server's lc_messages"
        ) from None
    except errors.AlreadyExistsError:  # names are unique, also when two come at once
        found = store.get_context_by_type_and_name(_HOME, config.pipeline_name)
        if (owner := found.properties[_ROOT].string_value) != root:
            raise InputError(
                f"expected a database without a {config.pipeline_name} of another workspace, got "
                f"{config.database} with that of {owner}: use that workspace, or name another "
                "database"
            ) from None
