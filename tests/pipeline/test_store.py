import dataclasses
import os
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ml_metadata import errors

from pipeline.database import PASSWORD
from pipeline.models.history import read_history
from pipeline.models.promotion import promote, rollback
from pipeline.run_metadata import RunMetadata
from pipeline.store import CREATE, WRITE, open_store, waiting_for
from pipeline.workspace import METADATA_FILE, Workspace
from schema.errors import InputError

MODELS = 6
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"expected an ML Metadata database, got none at .*metadata\.sqlite: name"),
        (b"", r"expected an ML Metadata database, got .*metadata\.sqlite \(.*\): name"),
        (
            b"text\n" * 999,
            r"expected an ML Metadata database, got .*\(file is not a database\): name",
        ),
    ],
)
def test_what_is_no_database_is_said_in_one_line(tmp_path, content, message):
    database = tmp_path / "metadata.sqlite"
    if content is not None:
        database.write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        open_store(database)
    assert "\n" not in str(raised.value)


def test_the_end_of_patience_is_said_in_one_line(tmp_path):
    told = r"got .*/m\.sqlite locked by another process"
    with pytest.raises(InputError, match=told), waiting_for(tmp_path / "m.sqlite"):
        raise errors.AbortedError("Concurrent writes aborted after max number of retries.")


@pytest.mark.parametrize("schema", [9, 99])
def test_another_schema_is_said_in_one_line(tmp_path, schema):
    database = tmp_path / "metadata.sqlite"
    open_store(database, CREATE)
    with sqlite3.connect(database) as connection:
        connection.execute(f"update MLMDEnv set schema_version = {schema}")
    for mode in (WRITE, CREATE):
        with pytest.raises(InputError, match=rf"got {database} of schema {schema}: upgrade"):
            open_store(database, mode)


@pytest.mark.slow
def test_a_server_holds_the_lineage(recorded_on_server):
    recorded = recorded_on_server
    old, new = recorded.train("old"), recorded.train("new")
    for model in (old, new):
        recorded.judge(model)
        recorded.validate(model, blessed=True)
        recorded.push(model)
    assert [
        stage.name for stage in RunMetadata(recorded.workspace.database, recorded.name).stages()
    ]
    assert rollback(recorded.workspace, None, "me").model.model_id == old.id
    assert promote(recorded.workspace, None, str(new.id), "me").model.model_id == new.id
    quoted = 'why\\how "é" \uff3c'
    assert rollback(recorded.workspace, None, "me", quoted).model.model_id == old.id
    pushes = read_history(recorded.workspace, None).pushes
    assert [push.action for push in pushes] == ["push", "push", "rollback", "promote", "rollback"]
    assert pushes[-1].reason == quoted
    assert list(recorded.folder.glob("*.sqlite")) == []


@pytest.mark.slow
def test_what_a_server_refuses_is_said_in_one_line(database_server, server_database, monkeypatch):
    name = server_database.name
    with pytest.raises(
        InputError, match=rf"got a server that does not let runs use it .*{PASSWORD}"
    ):
        open_store(server_database)  # there is none yet
    open_store(server_database, CREATE)
    database_server.execute(name, "update MLMDEnv set schema_version = 9")
    with pytest.raises(InputError, match=f"got {server_database} of schema 9: upgrade it"):
        open_store(server_database, CREATE)
    monkeypatch.setenv(PASSWORD, "wrong")
    with pytest.raises(InputError, match="check user, name and") as raised:
        open_store(server_database, CREATE)
    assert "\n" not in str(raised.value)
    down = dataclasses.replace(server_database, port=1)
    with pytest.raises(InputError, match=r"got no connection to its server .*refused"):
        open_store(down, CREATE)


@pytest.mark.slow
def test_commands_end_with_one_line_where_a_server_refuses(recorded_on_server, monkeypatch):
    monkeypatch.setenv(PASSWORD, "wrong")
    command = (sys.executable, "-m", "pipeline.models", "list")
    told = subprocess.run(
        (*command, "--workspace", recorded_on_server.folder),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 2
    assert re.fullmatch("pipeline.models: expected the database .*\n", told.stderr), told.stderr


def record_at_once(workspaces):
    """Has processes record runs, a pipeline each, from the same moment on."""
    begin = time.time() + 5
    program = Path(__file__).with_name("recording.py")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [sys.executable, program, folder, name, str(MODELS), str(begin)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, folder in workspaces.items()
    ]
    for process in processes:
        _, complaints = process.communicate(timeout=120)
        assert process.returncode == 0, complaints


def check_recorded(workspaces):
    for name, folder in workspaces.items():
        history = read_history(Workspace(folder), name)
        assert len(history.models) == len(history.pushes) == MODELS
        for number, model in enumerate(reversed(history.models)):
            assert (model.folder / "saved_model.pb").read_text() == f"{name} {number}"
            assert [source.source for source in model.data] == ["span 3 version 1"]


@pytest.mark.slow
def test_two_runs_at_once_share_a_file(tmp_path):
    workspaces = dict.fromkeys(("sample-lines", "pages-detector"), tmp_path)
    record_at_once(workspaces)
    check_recorded(workspaces)


@pytest.mark.slow
def test_two_runs_at_once_share_a_server(database_server, server_database, tmp_path):
    workspaces = {name: tmp_path / name for name in ("sample-lines", "pages-detector")}
    for folder in workspaces.values():
        folder.mkdir()
        (folder / METADATA_FILE).write_text(str(server_database))
    record_at_once(workspaces)  # into a database that is not there yet
    check_recorded(workspaces)
    names = "select name from Type group by name, type_kind having count(*) > 1"
    told = database_server.execute(server_database.name, f"select count(*) from ({names}) doubled")
    assert told.split()[-1] == "0"
