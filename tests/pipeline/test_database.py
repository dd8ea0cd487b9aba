from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.database import (
    PASSWORD,
    PASSWORD_FILE,
    ServerDatabase,
    parse_database,
    read_database,
    read_password,
)
from schema.errors import InputError

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
SCHEMES = st.sampled_from(["mysql", "postgresql"])
HOSTS = st.sampled_from(["db.example.org", "10.0.0.7", "::1"])


@given(st.builds(ServerDatabase, NAMES, HOSTS, st.integers(1, 65535), NAMES, SCHEMES))
def test_what_is_shown_is_what_is_read(database):
    assert parse_database(str(database)) == read_database(str(database)) == database


def test_a_file_is_read_as_a_path():
    assert read_database("/workspace/metadata.sqlite") == Path("/workspace/metadata.sqlite")


def test_the_port_has_a_default():
    assert parse_database("mysql://me@host/runs").port == 3306
    assert parse_database("postgresql://me@host/runs").port == 5432


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("metadata.sqlite", "the scheme 'none'"),
        ("oracle://me@host/runs", "the scheme 'oracle'"),
        ("mysql://host/runs", "no user or no host"),
        ("mysql://me@/runs", "no user or no host"),
        ("mysql://me@host", "the name ''"),
        ("mysql://me@host/Runs", "the name 'Runs', not of small letters"),
        ("mysql://me@host/a;drop", "the name 'a;drop'"),
        ("mysql://me@host:99999/runs", "out of range"),
        ("mysql://me@host:port/runs", "port"),
        ("mysql://me@host/runs?ssl=1", "something after the name"),
    ],
)
def test_a_url_is_checked(url, told):
    with pytest.raises(
        InputError,
        match=r"expected a database as mysql://USER@HOST.* or postgresql://USER.*: correct it",
    ):
        parse_database(url)
    with pytest.raises(InputError, match=told.replace("(", r"\(")):
        parse_database(url)


def test_a_password_has_no_place_in_a_url():
    with pytest.raises(
        InputError, match=r"without a password, got mysql://me:\.\.\.@host"
    ) as raised:
        parse_database("mysql://me:hidden@host/runs")
    assert "hidden" not in str(raised.value)


def test_a_password_comes_from_the_environment_or_a_file(tmp_path):
    file = tmp_path / "password"
    file.write_text("from a file\n")
    assert read_password({}) == ""
    assert read_password({PASSWORD: " as it is "}) == " as it is "
    assert read_password({PASSWORD_FILE: str(file)}) == "from a file"
    with pytest.raises(InputError, match="got both"):
        read_password({PASSWORD: "one", PASSWORD_FILE: str(file)})
    with pytest.raises(InputError, match=f"{tmp_path}/none, which {PASSWORD_FILE} names"):
        read_password({PASSWORD_FILE: str(tmp_path / "none")})
