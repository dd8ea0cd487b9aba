"""Where ML Metadata keeps the lineage: a file in the workspace, or a database on a server.

`arguments` reads the option, `workspace` remembers it, `store` connects. Light to import.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from schema.errors import InputError

MYSQL, POSTGRESQL = "mysql", "postgresql"
_DEFAULT_PORTS = {MYSQL: 3306, POSTGRESQL: 5432}

PASSWORD = "HANDWRITING_METADATA_PASSWORD"
PASSWORD_FILE = "HANDWRITING_METADATA_PASSWORD_FILE"
"""Environment variables: the password itself, or the file that holds it."""

_FORM = "mysql://USER@HOST[:PORT]/NAME or postgresql://USER@HOST[:PORT]/NAME"
# ML Metadata puts the name into its statements as it is.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class ServerDatabase:
    """A database on a MySQL, MariaDB or PostgreSQL server.

    Args:
      user: who connects; the password is in the environment (`read_password`).
      host: the server's name or address.
      port: where it listens.
      name: the database's.
      scheme: `MYSQL`, which is MariaDB too, or `POSTGRESQL`.
    """

    user: str
    host: str
    port: int
    name: str
    scheme: str = MYSQL

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{self.user}@{host}:{self.port}/{self.name}"


Database = Path | ServerDatabase
"""A sqlite file, or a database on a server."""


def may_exist(database: Database) -> bool:
    """Whether there is a database, or none can be seen from here to be missing."""
    return isinstance(database, ServerDatabase) or database.is_file()


def parse_database(url: str) -> ServerDatabase:
    """Reads the URL of a database on a server.

    Raises:
      InputError: it is none, or tells the password, which others could read in it.
    """
    try:
        told = urlsplit(url)
        port = told.port
    except ValueError as error:
        raise _wrong(url, str(error)) from None
    if told.password is not None:
        shown = url.replace(f":{told.password}@", ":...@")
        raise InputError(
            f"expected a database's URL without a password, got {shown}, which everybody on the "
            f"machine can read: put the password into {PASSWORD} or the file {PASSWORD_FILE} names"
        )
    if told.scheme not in _DEFAULT_PORTS:
        raise _wrong(url, f"the scheme {told.scheme or 'none'!r}")
    if not told.username or not told.hostname:
        raise _wrong(url, "no user or no host")
    if told.query or told.fragment:
        raise _wrong(url, "something after the name")
    name = told.path.removeprefix("/")
    if not _NAME.fullmatch(name):
        raise _wrong(url, f"the name {name!r}, not of small letters, digits and _")
    port = port or _DEFAULT_PORTS[told.scheme]
    return ServerDatabase(told.username, told.hostname, port, name, told.scheme)


def read_database(text: str) -> Database:
    """Reads what `str` makes of a database."""
    return parse_database(text) if "://" in text else Path(text)


def read_password(environment: Mapping[str, str]) -> str:
    """Returns the password of the database's user; empty where none is given.

    Raises:
      InputError: the file that should hold it cannot be read, or there are two.
    """
    file = environment.get(PASSWORD_FILE)
    if file is None:
        return environment.get(PASSWORD, "")
    if PASSWORD in environment:
        raise InputError(f"expected {PASSWORD} or {PASSWORD_FILE}, got both: unset one")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"expected the database's password in {file}, which {PASSWORD_FILE} names, got "
            f"{error}: correct it"
        ) from None


def _wrong(url: str, what: str) -> InputError:
    return InputError(f"expected a database as {_FORM}, got {url} with {what}: correct it")
