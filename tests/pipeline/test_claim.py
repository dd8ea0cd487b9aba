import pytest
from ml_metadata import errors

from pipeline.arguments import make_config, make_parser
from pipeline.claim import claim_database
from pipeline.store import CREATE, open_store
from pipeline.workspace import METADATA_FILE, Workspace
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
