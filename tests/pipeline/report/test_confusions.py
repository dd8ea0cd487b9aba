import pytest

from pipeline.report.confusions import SHOWN, name_character, show_character, sort_by_kind
from pipeline.run_result import Confusion


def test_mistakes_are_told_apart_by_kind_and_kept_in_order():
    replaced, also = Confusion("a", "o", 9, 12), Confusion("l", "I", 3, 0)
    missed, added = Confusion("e", "", 5), Confusion("", " ", 1)
    tables = sort_by_kind((replaced, missed, also, added))
    assert [(table.title, table.rows) for table in tables] == [
        ("Taken for another", (replaced, also)),
        ("Missed", (missed,)),
        ("Added", (added,)),
    ]
    assert [table.most for table in tables] == [12, 5, 1]


def test_no_mistake_makes_no_table_and_many_are_cut():
    assert sort_by_kind(()) == []
    [table] = sort_by_kind([Confusion("a", "o", count) for count in range(100, 0, -1)])
    assert len(table.rows) == SHOWN


@pytest.mark.parametrize(
    ("character", "shown", "name"),
    [
        ("l", "l", "small l"),
        ("I", "I", "capital i"),
        ("1", "1", "one"),
        (" ", "␣", "space"),
        ("\N{NO-BREAK SPACE}", "␣", "no-break space"),
        ("\N{COMBINING ACUTE ACCENT}", "◌\u0301", "combining acute accent"),
        ("\ue000", "\ue000", "u+e000"),
    ],
)
def test_characters_can_be_seen_and_told_apart(character, shown, name):
    assert show_character(character) == shown
    assert name_character(character) == name
