"""What the store keeps."""

import contextlib
import sqlite3

import pytest

from labeling.history import of_item
from labeling.items import ACCEPTED, WAITING, NewItem
from labeling.store import DATABASE, Store
from schema.errors import InputError
from tests.labeling.conftest import lines, picture


def test_a_line_is_kept_as_it_was_added(store):
    given = NewItem(
        "page-1/line-2",
        picture(),
        "queue",
        prefill="two  words",
        confidence=0.5,
        character_confidences=(0.25, 1.0),
        origin={"model": "lines", "version": 3},
        place={"box": [1, 2, 3, 4]},
    )
    store.add([given], "a test")
    item = store.item(1)
    assert (item.status, item.text, item.revision) == (WAITING, None, 0)
    assert item.prefill == "two words"
    assert item.character_confidences == (0.25, 1.0)
    assert (item.origin, item.place, item.extra) == (given.origin, given.place, None)
    assert store.pictures.path(item.picture).read_bytes() == given.picture


def test_a_picture_that_is_known_is_passed_over(store):
    first = store.add(lines(3), "a test")
    again = store.add(lines(5), "a test")
    assert (first.added, first.known, again.added, again.known) == (3, 0, 2, 3)


def test_a_line_with_a_label_is_accepted_and_its_history_says_so(store):
    store.add([NewItem("a", picture(), "test", text="cafe\u0301")], "import")
    assert (store.item(1).status, store.item(1).text) == (ACCEPTED, "caf\u00e9")
    [change] = of_item(store.reading(), 1)
    assert (change.action, change.who, change.after) == ("added", "import", "caf\u00e9")
    assert [item.id for item in store.accepted()] == [1]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (NewItem("x.png", b"no picture", "test"), "expected a picture .* in x.png"),
        (NewItem("x.png", picture()[:-30], "test"), "in x.png"),
        (NewItem("x.png", picture(), "test", text=" "), "got an empty label of x.png"),
    ],
)
def test_unusable_lines_are_refused_by_name(store, item, message):
    with pytest.raises(InputError, match=message):
        store.add([item], "a test")
    assert store.counts() == {}


def test_the_history_can_only_grow(store):
    store.add(lines(1), "a test")
    for statement in ("UPDATE history SET who = 'eve'", "DELETE FROM history"):
        with pytest.raises(sqlite3.DatabaseError, match="only added to"), store.transaction() as c:
            c.execute(statement)


def test_a_transaction_that_fails_changes_nothing(store):
    store.add(lines(1), "a test")
    with contextlib.suppress(ZeroDivisionError), store.transaction() as connection:
        connection.execute("UPDATE items SET name = 'other'")
        raise ZeroDivisionError
    assert store.item(1).name == "line 0"


@pytest.mark.parametrize(
    ("value", "version"), [("99", "a newer"), ("0", "another"), ("old", "another")]
)
def test_a_store_of_another_format_is_refused_and_left_alone(tmp_path, value, version):
    store = Store(tmp_path / "labels")
    with store.transaction() as connection:
        connection.execute("UPDATE facts SET value = ? WHERE name = 'format'", (value,))
        connection.execute("DROP TABLE skips")
    store.close()
    message = f"expected labels of format 1, got format {value} in .*, which {version} version"
    with pytest.raises(InputError, match=message):
        Store(tmp_path / "labels")
    with contextlib.closing(sqlite3.connect(tmp_path / "labels" / DATABASE)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert "items" in names
    assert "skips" not in names


def test_databases_of_something_else_are_refused(tmp_path):
    for name in ("broken", "other", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken" / DATABASE).write_bytes(b"not a database" * 100)
    with pytest.raises(InputError, match="got file is not a database"):
        Store(tmp_path / "broken")
    with contextlib.closing(sqlite3.connect(tmp_path / "other" / DATABASE)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = (tmp_path / "other" / DATABASE).read_bytes()
    with pytest.raises(InputError, match="got one of something else, at "):
        Store(tmp_path / "other")
    assert (tmp_path / "other" / DATABASE).read_bytes() == before
    (tmp_path / "empty" / DATABASE).touch()
    Store(tmp_path / "empty").close()
