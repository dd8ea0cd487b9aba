"""Opens ML Metadata: the sqlite file of a workspace, or its database on a server.

`lineage` reads what is in it; `create_pipeline` hands the same connection to TFX. Imports neither
TFX nor TensorFlow.
"""

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ml_metadata import errors
from ml_metadata.metadata_store.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.database import PASSWORD, POSTGRESQL, Database, ServerDatabase, read_password
from pipeline.postgresql_store import PostgresqlStore, postgresql_config
from schema.errors import InputError

READ = mlmd.SqliteMetadataSourceConfig.READONLY
WRITE = mlmd.SqliteMetadataSourceConfig.READWRITE
CREATE = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
"""What a store is opened for; servers tell only `CREATE` from the others."""

_SQLITE_WORDS = re.compile(r"(?:query|database): (.*?)(?: query:|$)", re.DOTALL)
"""What SQLite says, between ML Metadata's own words and the statement that failed."""
_SCHEMA_WORDS = re.compile(r"MLMD database version (\d+) is (?:older|greater) than.* (\d+)\.")
_POSTGRESQL_WORDS = re.compile(r"PostgreSQL metadata source error: (?:ERROR: +)?(.*)")
"""What PostgreSQL says first; the statement that failed comes on lines of its own."""
_NO_WORDS = ("", "connection pointer is NULL")
_REACH_SECONDS, _ATTEMPTS, _PAUSE_SECONDS = 10, 6, 0.3


def connection_config(database: Database, mode: int = READ) -> mlmd.ConnectionConfig:
    """Returns how ML Metadata connects, with the password in it: for no log.

    Raises:
      InputError: the password cannot be read.
    """
    if isinstance(database, Path):
        return mlmd.ConnectionConfig(
            sqlite=mlmd.SqliteMetadataSourceConfig(filename_uri=str(database), connection_mode=mode)
        )
    password = read_password(os.environ)
    if database.scheme == POSTGRESQL:
        return mlmd.ConnectionConfig(
            postgresql=postgresql_config(database, password, create=mode == CREATE)
        )
    return mlmd.ConnectionConfig(
        mysql=mlmd.MySQLDatabaseConfig(
            # To MySQL "localhost" means a socket file, at one place or another.
            host="127.0.0.1" if database.host == "localhost" else database.host,
            port=database.port,
            database=database.name,
            user=database.user,
            password=password,
            skip_db_creation=mode != CREATE,
        )
    )


def require_database(database: Database) -> None:
    """Raises an `InputError` where there is no database, or its server is out of reach."""
    if isinstance(database, ServerDatabase):
        _require_server(database)
    elif not database.is_file():
        raise InputError(
            f"expected an ML Metadata database, got none at {database}: name the workspace of a "
            "run with --workspace"
        )


def open_store(database: Database, mode: int = READ) -> MetadataStore:
    """Opens the database.

    Raises:
      InputError: there is none, or it is something else or of another schema, or its server is out
        of reach or refuses.
    """
    if mode != CREATE or isinstance(database, ServerDatabase):
        require_database(database)
    make_store = _store_class(database)
    configs = [connection_config(database, each) for each in _modes_to_try(database, mode)]
    # Of two that make the tables of a new database at once one fails, and finds them made later.
    attempts_left = _ATTEMPTS if mode == CREATE else 1
    while True:
        attempts_left -= 1
        for config in configs:
            try:
                return make_store(config)
            except RuntimeError as error:  # as ML Metadata calls whatever keeps it from opening
                words = str(error)
            if _SCHEMA_WORDS.search(words):
                raise _explain(database, words)
        if not attempts_left:
            raise _explain(database, words)
        time.sleep(_PAUSE_SECONDS)


def _store_class(database: Database) -> type[MetadataStore]:
    postgresql = isinstance(database, ServerDatabase) and database.scheme == POSTGRESQL
    return PostgresqlStore if postgresql else MetadataStore


def _modes_to_try(database: Database, mode: int) -> tuple[int, ...]:
    """To make a database on PostgreSQL is to enter another first, which not every user may."""
    if mode == CREATE and _store_class(database) is PostgresqlStore:
        return WRITE, CREATE
    return (mode,)


@contextmanager
def waiting_for(database: Database) -> Iterator[None]:
    """Turns the end of ML Metadata's patience with a locked database into an `InputError`."""
    try:
        yield
    except errors.AbortedError:
        raise InputError(
            f"expected to use the database, got {database} locked by another process for as long "
            "as was waited: try again once it is done"
        ) from None


def _require_server(database: ServerDatabase) -> None:
    try:
        socket.create_connection((database.host, database.port), _REACH_SECONDS).close()
    except OSError as error:
        raise InputError(
            f"expected the database {database}, got no connection to its server "
            f"({error.strerror or error}): start it, or correct the host and port"
        ) from None


def _explain(database: Database, words: str) -> InputError:
    if schema := _SCHEMA_WORDS.search(words):
        return InputError(
            f"expected an ML Metadata database of schema {schema[2]}, got {database} of schema "
            f"{schema[1]}: upgrade it as docs/metadata.md tells, or choose another"
        )
    if isinstance(database, ServerDatabase):
        return InputError(
            f"expected the database {database}, got a server that does not let {database.user} use "
            f"it ({_tell_refusal(words)}): check user, name and {PASSWORD}"
        )
    why = _SQLITE_WORDS.search(words)
    return InputError(
        f"expected an ML Metadata database, got {database} ({why[1] if why else words}): name "
        "the workspace of a run with --workspace"
    )


def _tell_refusal(words: str) -> str:
    told = _POSTGRESQL_WORDS.search(words)
    if told is None:
        return " ".join(words.split())
    return "ML Metadata tells no reason" if told[1] in _NO_WORDS else told[1]
