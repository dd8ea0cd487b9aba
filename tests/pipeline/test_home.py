"""Pipelines of several workspaces in one database."""

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.home import HOME, ROOT, home_of, own_pipelines
from pipeline.models.history import read_history
from pipeline.workspace import Workspace
from schema.errors import InputError


@pytest.fixture
def shared(recorded):
    """A workspace's database with `sample-lines`, and two more pipelines."""
    recorded._context("pipeline", "folder-lines")
    recorded._context("pipeline", "pages-detector")
    return recorded


def claim(recorded, pipeline, root):
    kind = mlmd.ContextType(name=HOME, properties={ROOT: mlmd.STRING})
    home = mlmd.Context(type_id=recorded.store.put_context_type(kind), name=pipeline)
    home.properties[ROOT].string_value = str(root)
    recorded.store.put_contexts([home])


def names(recorded, workspace):
    return {context.name for context in own_pipelines(recorded.store, workspace)}


def test_what_nobody_has_claimed_is_ours(shared):
    assert home_of(shared.store, "sample-lines") is None
    assert names(shared, shared.workspace) == {"sample-lines", "folder-lines", "pages-detector"}


def test_pipelines_of_others_are_left_out(shared, tmp_path):
    claim(shared, "sample-lines", shared.folder / "artifacts" / "sample-lines")
    claim(shared, "folder-lines", "/another/workspace/artifacts/folder-lines")
    claim(shared, "pages-detector", "s3://bucket/prefix/pages-detector")
    assert names(shared, shared.workspace) == {"sample-lines"}
    link = tmp_path / "link"
    link.symlink_to(shared.folder)
    assert names(shared, Workspace(link)) == {"sample-lines"}


def test_a_pipeline_of_others_cannot_be_chosen(shared):
    claim(shared, "folder-lines", "/another/workspace/artifacts/folder-lines")
    claim(shared, "pages-detector", "/another/workspace/artifacts/pages-detector")
    assert read_history(shared.workspace, None).pipeline == "sample-lines"
    with pytest.raises(InputError, match="got folder-lines: the workspace has sample-lines"):
        read_history(shared.workspace, "folder-lines")
