"""Whose a pipeline is, where several workspaces share a database: the one that has its artifacts.

A run claims its pipeline (`pipeline.claim`); what reads the lineage looks at those of its own
workspace. Metadata in a file of the workspace have no such note, and need none.
"""

import os

from ml_metadata.metadata_store.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.lineage import PIPELINE_CONTEXT
from pipeline.workspace import Workspace

HOME, ROOT = "pipeline_home", "root"
"""Type and property of the context that tells where the artifacts of a pipeline are."""


def home_of(store: MetadataStore, pipeline: str) -> str | None:
    """Returns the place of a pipeline's artifacts; None where nobody has claimed the pipeline."""
    home = store.get_context_by_type_and_name(HOME, pipeline)
    return home.properties[ROOT].string_value if home is not None else None


def own_pipelines(store: MetadataStore, workspace: Workspace) -> list[mlmd.Context]:
    """Returns the contexts of the workspace's pipelines, without those of others."""
    return [
        context
        for context in store.get_contexts_by_type(PIPELINE_CONTEXT)
        if _is_own(home_of(store, context.name), workspace, context.name)
    ]


def _is_own(home: str | None, workspace: Workspace, pipeline: str) -> bool:
    own = workspace.artifacts.root(pipeline)
    if home is None or home == own:
        return True
    # The workspace may have been named by a link.
    return workspace.artifacts.address is None and os.path.realpath(home) == os.path.realpath(own)
