"""How far annotators agree, against arithmetic by hand."""

import pytest

from labeling import answers, history
from labeling.agreement import Pair, ask_for_second, pairs, set_second_percent
from labeling.answers import Seen
from labeling.items import ACCEPTED, WAITING
from labeling.queue import Asker
from labeling.review import differences, next_of, some_of
from schema.alphabet import LATIN
from schema.errors import InputError
from tests.labeling.conftest import lines

ADA, BOB = Asker("ada", "1"), Asker("bob", "2")


def every(store):
    return [store.item(number) for number in range(1, sum(store.counts().values()) + 1)]


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


def test_a_random_share_goes_to_a_second_annotator(store):
    store.add(lines(200), "test")
    set_second_percent(store, 25)
    for item in every(store):
        answers.label(store, ADA, Seen(item.id, item.revision), "abcd", LATIN)
    sampled = [item for item in every(store) if item.annotators == 2]
    # 50 expected; the binomial distribution's standard deviation is 6.1.
    assert 30 < len(sampled) < 70
    assert store.counts() == {WAITING: len(sampled), ACCEPTED: 200 - len(sampled)}
    first = sampled[0]
    told = history.of_item(store.reading(), first.id)
    assert [(each.action, each.who) for each in told[1:]] == [
        ("second asked for", "random sample"),
        ("labelled", "ada"),
    ]
    last = store.item(200)
    assert answers.undo(store, ADA).id == last.id  # the sample does not stand in its way
    answers.label(store, BOB, Seen(first.id, first.revision), "abcd", LATIN)
    assert store.item(first.id).text == "abcd"


def test_all_or_none_are_sampled(store):
    store.add(lines(20), "test")
    for percent, annotators in ((0, 1), (100, 2)):
        set_second_percent(store, percent)
        half = range(1, 11) if percent == 0 else range(11, 21)
        for number in half:
            answers.label(store, ADA, Seen(number, 0), "abcd", LATIN)
            assert store.item(number).annotators == annotators
    for percent in (-1, 101):
        with pytest.raises(InputError, match="expected a share of 0 to 100 %"):
            set_second_percent(store, percent)


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
