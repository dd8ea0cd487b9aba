"""How far annotators agree, against arithmetic by hand."""

from labeling import answers
from labeling.agreement import Pair, ask_for_second, pairs
from labeling.answers import Seen
from labeling.queue import Asker
from labeling.review import differences, next_of, some_of
from schema.alphabet import LATIN
from tests.labeling.conftest import lines

ADA, BOB = Asker("ada", "1"), Asker("bob", "2")


def both(store, item_id, first, second):
    for asker, text in ((ADA, first), (BOB, second)):
        seen = Seen(item_id, store.item(item_id).revision)
        if text is None:
            answers.mark_unreadable(store, asker, seen)
        else:
            answers.label(store, asker, seen, text, LATIN)


def test_the_cer_between_two_is_edits_by_mean_length(store):
    store.add(lines(4, annotators=2), "test")
    both(store, 1, "abcd", "abcd")
    both(store, 2, "abcd", "abxdyz")  # a substitution and two insertions
    both(store, 3, "abcd", None)  # no characters to compare
    [pair] = pairs(store)
    # Characters: (4 + 4) / 2 + (4 + 6) / 2 = 9; edits: 0 + 3.
    assert pair == Pair("ada", "bob", lines=3, same=1, edits=3, characters=9.0)
    assert pair.cer == 3 / 9
    answers.undo(store, BOB)
    assert pairs(store)[0].lines == 2


def test_lines_that_nobody_could_read_have_no_rate(store):
    store.add(lines(1, annotators=2), "test")
    both(store, 1, None, None)
    assert pairs(store)[0].cer is None


def test_a_second_annotator_is_asked_for_the_most_urgent_lines(store):
    store.add(lines(3), "test")
    with store.transaction() as connection:
        connection.execute("UPDATE items SET priority = id")
    assert ask_for_second(store, "ada", 2) == 2
    assert [store.item(number).annotators for number in (1, 2, 3)] == [1, 2, 2]
    assert ask_for_second(store, "ada", 5) == 1


def test_answers_are_shown_with_their_differences():
    shown = differences({"ada": "a cat", "bob": "the cat"})
    assert "".join(text for text, differs in shown["ada"] if not differs) == "a cat".replace(
        "a ", " "
    )
    assert "".join(text for text, _ in shown["bob"]) == "the cat"
    assert differences({"ada": "a", "bob": None}) == {"ada": [("a", False)], "bob": []}


def test_disputed_lines_come_one_after_the_other(store):
    store.add(lines(3, annotators=2), "test")
    for number in (1, 2):
        both(store, number, "a", "b")
    assert [item.id for item in some_of(store, "disputed")] == [1, 2]
    assert next_of(store, store.item(1)) == 2
    answers.decide(store, ADA, Seen(1, store.item(1).revision), "b", LATIN)
    assert next_of(store, store.item(2)) is None
