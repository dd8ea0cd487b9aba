import pytest
from ml_metadata import errors

from pipeline.arguments import make_config, make_parser
from pipeline.claim import claim_database
from pipeline.store import CREATE, open_store
from pipeline.workspace import ARTIFACTS_FILE, METADATA_FILE, Workspace
from schema.errors import InputError

OTHER = "mysql://me@other:3307/runs"


def config_of(workspace, *arguments):
    workspace.mkdir(exist_ok=True)
    parsed = make_parser("runner", "").parse_args(["--workspace", str(workspace), *arguments])
    return make_config(parsed)


def test_without_the_option_nothing_is_made_before_the_run(tmp_path):
    config = config_of(tmp_path / "w")
    claim_database(config)
    assert config.database == tmp_path / "w" / "metadata.sqlite"
    assert list(config.workspace.iterdir()) == []


def test_a_workspace_keeps_its_database(tmp_path):
    config = config_of(tmp_path / "w")
    open_store(config.database, CREATE)
    with pytest.raises(InputError, match=r"the workspace has them, .*sqlite, got --metadata mysql"):
        claim_database(config_of(config.workspace, "--metadata", OTHER))


def test_a_damaged_name_is_told(tmp_path):
    (tmp_path / METADATA_FILE).write_text("no url")
    with pytest.raises(InputError, match="expected a database as mysql"):
        _ = Workspace(tmp_path).database


def test_a_workspace_keeps_its_place_of_artifacts(gcs_store, tmp_path):
    address = str(gcs_store.address)
    config = config_of(tmp_path / "w", "--artifacts", address)
    claim_database(config)
    assert (config.workspace / ARTIFACTS_FILE).read_text() == f"{address}\n"
    later = config_of(config.workspace)
    assert later.artifact_root == f"{address}/sample-lines"
    assert later.pipeline_root == config.workspace / "artifacts" / "sample-lines"
    claim_database(later)
    with pytest.raises(
        InputError, match=rf"has them, {address}, got --artifacts {address}s: leave"
    ):
        claim_database(config_of(config.workspace, "--artifacts", f"{address}s"))


def test_a_workspace_with_runs_keeps_its_artifacts(gcs_store, tmp_path):
    config = config_of(tmp_path / "w")
    open_store(config.database, CREATE)
    with pytest.raises(InputError, match=r"has them, .*/w/artifacts, got --artifacts gs://"):
        claim_database(config_of(config.workspace, "--artifacts", str(gcs_store.address)))
    assert not (config.workspace / ARTIFACTS_FILE).exists()


def test_a_bucket_that_cannot_be_written_is_told_first(gcs_store, tmp_path):
    gcs_store.contents.refused = 403
    config = config_of(tmp_path / "w", "--artifacts", str(gcs_store.address))
    with pytest.raises(InputError, match="expected a bucket to keep artifacts in, got gs://"):
        claim_database(config)
    assert list(config.workspace.iterdir()) == []


@pytest.mark.slow
def test_machines_that_share_a_bucket_share_a_pipeline(server_database, gcs_store, tmp_path):
    url = ("--metadata", str(server_database))
    shared = ("--artifacts", str(gcs_store.address))
    claim_database(config_of(tmp_path / "first", *url, *shared))
    claim_database(config_of(tmp_path / "second", *url, *shared))
    with pytest.raises(InputError, match=f"go on with it by --artifacts {gcs_store.address}, or"):
        claim_database(config_of(tmp_path / "third", *url))


class Foreign:
    """A store whose server refuses in a language that ML Metadata does not read."""

    def __init__(self):
        self.contexts = []

    def put_context_type(self, kind):
        return 1

    def put_contexts(self, contexts):
        if self.contexts:
            raise errors.InternalError("FEHLER:  doppelter Schl\u00fcsselwert\nDETAIL: ...")
        self.contexts += contexts


def test_a_server_that_refuses_in_another_language_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.claim.open_store", lambda database, mode: Foreign())
    config = config_of(tmp_path / "w", "--metadata", "postgresql://me@host/runs")
    with pytest.raises(InputError, match=r"in English.* got FEHLER: doppelter .*: set the server"):
        claim_database(config)
    assert list(config.workspace.iterdir()) == []


@pytest.mark.slow
def test_a_server_database_is_remembered_and_not_shared_for_one_pipeline(server_database, tmp_path):
    url = ("--metadata", str(server_database))
    first = config_of(tmp_path / "first", *url)
    claim_database(first)
    claim_database(config_of(first.workspace))  # from now on without the option
    assert config_of(first.workspace).database == server_database
    with pytest.raises(InputError, match=f"got --metadata {OTHER}: leave it out"):
        claim_database(config_of(first.workspace, "--metadata", OTHER))

    claim_database(config_of(tmp_path / "second", "--task", "characters", *url))
    with pytest.raises(InputError, match=f"with that of {first.pipeline_root}: use that workspace"):
        claim_database(config_of(tmp_path / "third", *url))
    assert list((tmp_path / "third").iterdir()) == []
