"""Lineages to test with, in a file and on servers of databases."""

import time

import pytest

from pipeline.database import PASSWORD
from pipeline.workspace import METADATA_FILE
from tests.pipeline.database_servers import run_mariadb, run_postgresql
from tests.pipeline.recorded_pipeline import RecordedPipeline


@pytest.fixture
def recorded(tmp_path):
    """A pipeline that has not run yet."""
    return RecordedPipeline(tmp_path / "workspace")


@pytest.fixture(scope="session")
def mariadb_server():
    """A server of our own, for all tests; its databases are made by `server_database`."""
    with run_mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_server():
    """A server of our own, as `mariadb_server`."""
    with run_postgresql() as server:
        yield server


@pytest.fixture(scope="session", params=["mariadb_server", "postgresql_server"])
def database_server(request):
    """Either server."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def postgresql_database(postgresql_server, monkeypatch):
    """A database that is not there yet; the environment has its password."""
    monkeypatch.setenv(PASSWORD, postgresql_server.password)
    return postgresql_server.database(f"runs_{time.monotonic_ns()}")


@pytest.fixture
def server_database(database_server, monkeypatch):
    """A database on the server that is not there yet; the environment has its password."""
    monkeypatch.setenv(PASSWORD, database_server.password)
    return database_server.database(f"runs_{time.monotonic_ns()}")


@pytest.fixture
def recorded_on_server(server_database, tmp_path):
    """A pipeline that has not run yet, whose workspace keeps its metadata on the server."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / METADATA_FILE).write_text(f"{server_database}\n")
    return RecordedPipeline(folder)


@pytest.fixture
def record_another(recorded):
    """Makes another pipeline in the same workspace and database."""
    return lambda name: RecordedPipeline(recorded.folder, name)
