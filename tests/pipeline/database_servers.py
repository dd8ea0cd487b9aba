"""MariaDB and PostgreSQL of the system's packages, on loopback, with data folders of their own."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.database import MYSQL, POSTGRESQL, ServerDatabase

_USER, _PASSWORD = "runs", "se\"cret'pass"
_START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A server that runs; `client` begins the command that sends SQL to a database of it."""

    scheme: str
    port: int
    client: tuple[str, ...]
    user: str = _USER
    password: str = _PASSWORD

    def database(self, name, user=None):
        return ServerDatabase(user or self.user, "127.0.0.1", self.port, name, self.scheme)

    def execute(self, name, sql):
        """Sends SQL with all rights; returns what comes back."""
        database, statement = ("-D", "-e") if self.scheme == MYSQL else ("-d", "-c")
        return subprocess.run(
            (*self.client, database, name, statement, sql),
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PGPASSWORD": self.password},
        ).stdout


@contextmanager
def run_mariadb():
    """Runs MariaDB."""
    server, install = (shutil.which(name) for name in ("mariadbd", "mariadb-install-db"))
    if not server or not install:
        pytest.skip("needs MariaDB: apt-get install mariadb-server")
    with _folder() as folder:
        data, user = f"--datadir={folder / 'data'}", f"--user={getpass.getuser()}"
        made = (install, "--no-defaults", data, user, "--auth-root-authentication-method=normal")
        subprocess.run(made, check=True, capture_output=True)
        path = folder / "socket"
        port = _free_port()
        address = (f"--socket={path}", "--bind-address=127.0.0.1", f"--port={port}")
        command = (server, "--no-defaults", data, user, *address, "--skip-log-error")
        with _running(command, folder, port):
            client = ("mariadb", "--no-defaults", f"--socket={path}", "--user=root")
            name = f"{_USER}@'127.0.0.1'"
            password = _PASSWORD.replace("'", "''")
            sql = f"create user {name} identified by '{password}'; grant all on *.* to {name}"
            subprocess.run((*client, "-e", sql), check=True, capture_output=True)
            yield Server(MYSQL, port, client)


@contextmanager
def run_postgresql():
    """Runs PostgreSQL, which refuses to be run by root."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    who = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    with _folder() as folder:
        data, password = folder / "data", folder / "password"
        password.write_text(_PASSWORD)
        if who:
            shutil.chown(folder, "postgres", "postgres")
        options = ("-A", "scram-sha-256", "-U", _USER, f"--pwfile={password}", "--no-sync")
        made = (found[-1].with_name("initdb"), "-D", data, *options)
        done = subprocess.run(made, capture_output=True, text=True, cwd=folder, **who)
        assert done.returncode == 0, done.stderr
        port = _free_port()
        command = (found[-1], "-D", data, "-k", folder, "-h", "127.0.0.1", "-p", str(port))
        # At SIGTERM it would wait for its clients.
        with _running(command, folder, port, signal.SIGINT, **who):
            client = ("-h", "127.0.0.1", "-p", str(port), "-U", _USER, "-At")
            yield Server(POSTGRESQL, port, (found[-1].with_name("psql"), *client))


@contextmanager
def _folder():
    # Not under pytest's, which the user of PostgreSQL may not enter.
    folder = Path(tempfile.mkdtemp(prefix="database-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(command, folder, port, stop=signal.SIGTERM, **who):
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **who)
        try:
            _wait(process, folder / "log", port)
            yield
        finally:
            process.send_signal(stop)
            process.wait(_START_SECONDS)


def _wait(process, log, port):
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]
