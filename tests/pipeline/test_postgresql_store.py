import os

import pytest
from ml_metadata import errors
from ml_metadata.metadata_store.metadata_store import ListOptions, MetadataStore, OrderByField
from ml_metadata.proto import metadata_store_pb2 as mlmd
from ml_metadata.proto import metadata_store_service_pb2 as requests

from pipeline.database import PASSWORD
from pipeline.postgresql_store import PostgresqlStore
from pipeline.spelling import SHOWN
from pipeline.store import CREATE, connection_config, open_store
from schema.errors import InputError

TEXTS = [
    "\\",
    '"{\\"a\\": \\"\\\\n\\"}"',
    "'\\''",
    "C:\\new",
    "\uff3c\ue000\ue0000",
    "a\0b",
    "é\n\t",
]
CONFLICT = "PostgreSQL metadata source error: ERROR:  could not serialize access due to"


def put(store, text, **more):
    kind = store.put_artifact_type(mlmd.ArtifactType(name="Model"))
    artifact = mlmd.Artifact(type_id=kind, uri=text, **more)
    artifact.custom_properties[text].string_value = text
    artifact.custom_properties["nested"].struct_value.update({"a\\": "b\\"})
    [artifact.id] = store.put_artifacts([artifact])
    return artifact


@pytest.mark.slow
def test_ml_metadata_itself_cannot_store_a_backslash(postgresql_database):
    """Why there is a `PostgresqlStore`; where this fails, its spelling may go."""
    open_store(postgresql_database, CREATE)
    store = MetadataStore(connection_config(postgresql_database))
    put(store, 'it\'s "é"')
    with pytest.raises(errors.InternalError, match="syntax error"):
        put(store, '"\\"1\\""')


@pytest.mark.slow
def test_postgresql_gives_back_what_it_was_given(postgresql_database):
    store = open_store(postgresql_database, CREATE)
    for text in TEXTS:
        artifact = put(store, text)
        [found] = store.get_artifacts_by_uri(text)
        assert found.custom_properties == artifact.custom_properties
        assert (found.uri, found.id) == (text, artifact.id)
    kind = mlmd.ExecutionType(name="told", properties={"C:\\": mlmd.STRING})
    execution = mlmd.Execution(type_id=store.put_execution_type(kind), name="C:\\new")
    execution.properties["C:\\"].string_value = 'Traceback "\\n"'
    store.put_executions([execution])
    again = open_store(postgresql_database)
    found = again.get_execution_by_type_and_name("told", "C:\\new")
    assert found.properties["C:\\"].string_value == 'Traceback "\\n"'


@pytest.mark.slow
def test_updated_rows_keep_their_place(postgresql_database):
    store = open_store(postgresql_database, CREATE)
    first, second, third = (put(store, text) for text in "abc")
    first.custom_properties["more"].int_value = 1
    first.uri = "moved"
    store.put_artifacts([first])
    for asked in ([first.id, second.id, third.id], [third.id, first.id, second.id]):
        assert [each.id for each in store.get_artifacts_by_id(asked)] == asked
    assert [each.id for each in store.get_artifacts()] == [first.id, second.id, third.id]
    newest = ListOptions(order_by=OrderByField.ID, is_asc=False)
    told = [each.id for each in store.get_artifacts(list_options=newest)]
    assert told == [third.id, second.id, first.id]


@pytest.mark.slow
def test_others_read_a_full_width_backslash(postgresql_server, postgresql_database):
    put(open_store(postgresql_database, CREATE), "C:\\new")
    told = postgresql_server.execute(postgresql_database.name, "select uri from artifact")
    assert told == f"C:{SHOWN}new\n"


@pytest.mark.slow
def test_a_database_is_made_only_by_who_may(postgresql_server, postgresql_database, monkeypatch):
    password = " p' \\'= w"
    quoted = password.replace("'", "''")
    user = f"plain_{os.getpid()}"
    postgresql_server.execute("postgres", f"create role {user} login password '{quoted}'")
    monkeypatch.setenv(PASSWORD, password)
    database = postgresql_server.database(postgresql_database.name, user)
    with pytest.raises(InputError, match=r"use it \(permission denied to create database\): check"):
        open_store(database, CREATE)
    postgresql_server.execute("postgres", f"create database {database.name} owner {user}")
    postgresql_server.execute("postgres", f"revoke connect on database postgres from {user}")
    assert open_store(database, CREATE).get_artifacts() == []


class Conflicting(PostgresqlStore):
    """A store without a server, whose requests meet another session a number of times."""

    def __init__(self, conflicts, words=CONFLICT):
        self._max_num_retries, self.conflicts, self.words = 1, conflicts, words

    def _call_method(self, method_name, request, response):
        self.conflicts -= 1
        if self.conflicts >= 0:
            raise errors.InternalError(self.words)
        response.artifact_ids.append(len(request.artifacts))


def test_what_met_another_session_is_repeated():
    store = Conflicting(3)
    assert store.put_artifacts([mlmd.Artifact(uri="a\\")]) == [1]
    assert store.conflicts == -1


def test_patience_ends(monkeypatch):
    monkeypatch.setattr("pipeline.postgresql_store._PATIENCE_SECONDS", 0.1)
    with pytest.raises(errors.AbortedError, match="could not serialize"):
        Conflicting(1000).put_artifacts([mlmd.Artifact()])


def test_other_errors_are_raised_at_once():
    store = Conflicting(1000, "syntax error")
    with pytest.raises(errors.InternalError, match="syntax error"):
        store.put_artifacts([mlmd.Artifact()])
    assert store.conflicts == 999


def test_a_request_stays_as_it_was():
    request = requests.PutArtifactsRequest(artifacts=[mlmd.Artifact(uri="a\\")])
    Conflicting(0)._call("PutArtifacts", request, requests.PutArtifactsResponse())
    assert request.artifacts[0].uri == "a\\"
