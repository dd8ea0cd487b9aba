"""Has a new workspace go on with the runs of others: same database, same place of artifacts."""

from pipeline.buckets.address import BucketAddress
from pipeline.buckets.artifacts import MIRRORS, Artifacts
from pipeline.claim import check_artifacts, remember
from pipeline.database import ServerDatabase
from pipeline.home import home_of
from pipeline.lineage import PIPELINE_CONTEXT
from pipeline.store import open_store
from pipeline.workspace import Workspace, hold_workspace
from schema.errors import InputError


def join(workspace: Workspace, database: ServerDatabase, address: BucketAddress) -> None:
    """Makes a workspace remember where others have their runs; no data is fetched.

    Args:
      workspace: made where absent; it has no runs of its own yet, or those very ones.
      database: of the others.
      address: of their artifacts.

    Raises:
      InputError: database or bucket cannot be used, no pipeline keeps its artifacts there, or the
        workspace has runs elsewhere.
    """
    artifacts = Artifacts(workspace.folder / MIRRORS, address)
    with hold_workspace(workspace.folder):
        check_artifacts(workspace, artifacts)
        store = open_store(database)
        names = [context.name for context in store.get_contexts_by_type(PIPELINE_CONTEXT)]
        homes = {name: home_of(store, name) for name in names}
        if not any(home == artifacts.root(name) for name, home in homes.items()):
            told = ", ".join(f"{name} in {home}" for name, home in homes.items()) or "none"
            raise InputError(
                f"expected a pipeline of {database} with its artifacts in {address}, got {told}: "
                "correct the address"
            )
        remember(workspace, database, artifacts)
