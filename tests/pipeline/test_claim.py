import pytest

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
