"""What annotators do to lines, and to each other's."""

import threading

import pytest

from labeling import answers, history
from labeling.answers import ConflictError, Seen
from labeling.items import ACCEPTED, DISPUTED, FLAGGED, UNREADABLE, WAITING
from labeling.queue import SKIPPED_BY_ASKER, Asker, peek_next, skipped, take, take_next
from schema.alphabet import LATIN
from schema.errors import InputError
from tests.labeling.conftest import lines

ADA, BOB = Asker("ada", "session 1"), Asker("bob", "session 2")


def say(store, asker, text):
    """Labels the next line and returns its id."""
    item = take_next(store, asker)
    answers.label(store, asker, Seen(item.id, item.revision), text, LATIN)
    return item.id


def seen(store, item_id=1):
    return Seen(item_id, store.item(item_id).revision)


def test_a_label_is_accepted_and_the_next_line_comes(store):
    store.add(lines(2), "test")
    assert say(store, ADA, "  two   words ") == 1
    item = store.item(1)
    assert (item.status, item.text, item.revision) == (ACCEPTED, "two words", 1)
    assert take_next(store, ADA).id == 2
    change = history.of_item(store.reading(), 1)[-1]
    assert (change.who, change.action, change.before, change.after) == (
        "ada",
        "labelled",
        None,
        "two words",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got an empty text"),
        ("caf\u00e9", r"got 'é' \(U\+00E9\)"),
        ("a\nb\x00", r"U\+0000"),
        ("x" * 501, "at most 500 characters, got 501"),
    ],
)
def test_unusable_texts_change_nothing(store, text, message):
    store.add(lines(1), "test")
    with pytest.raises(InputError, match=message):
        answers.label(store, ADA, seen(store), text, LATIN)
    assert store.item(1).status == WAITING
    assert len(history.of_item(store.reading(), 1)) == 1


def test_the_most_urgent_line_comes_first_and_skipped_ones_last(store):
    store.add(lines(3), "test")
    with store.transaction() as connection:
        connection.execute("UPDATE items SET priority = id")
    order = []
    for _ in range(4):
        item = take_next(store, ADA)
        order.append(item.id)
        answers.skip(store, ADA, Seen(item.id, item.revision))
    assert order == [3, 2, 1, 3]
    assert take_next(store, BOB).id == 3  # skipping is one's own


def test_skipped_lines_can_be_gone_back_to(store):
    store.add(lines(4, annotators=2), "test")
    answers.label(
        store, BOB, seen(store, 2), "two", LATIN
    )  # what somebody else has answered is among them
    for number in (2, 1, 3):
        answers.skip(store, ADA, seen(store, number))
    assert skipped(store, "ada") == 3
    order = []
    for _ in range(2):
        item = take_next(store, ADA, SKIPPED_BY_ASKER)
        order.append(item.id)
        answers.label(store, ADA, seen(store, item.id), "text", LATIN)
    assert order == [2, 1]
    assert skipped(store, "ada") == 1
    answers.skip(store, ADA, seen(store, 3))  # once more
    assert take_next(store, ADA, SKIPPED_BY_ASKER).id == 3
    assert take_next(store, BOB, SKIPPED_BY_ASKER) is None
    assert skipped(store, "bob") == 0
    assert take_next(store, ADA).id == 4


def test_lines_of_a_reason_can_be_asked_for(store):
    store.add(lines(2, why="uncertain"), "test")
    with store.transaction() as connection:
        connection.execute("UPDATE items SET why = 'drifted' WHERE id = 2")
    assert take_next(store, ADA, "drifted").id == 2
    assert take_next(store, ADA, "no such") is None


def test_two_people_are_not_given_the_same_line(store):
    store.add(lines(3), "test")
    assert take_next(store, ADA).id == 1
    assert take_next(store, BOB).id == 2
    assert take_next(store, ADA).id == 1  # the page again
    assert peek_next(store, ADA, 1).id == 3
    take(store, BOB, 1)  # does not take it away
    with pytest.raises(ConflictError, match="somebody else is labelling"):
        answers.label(store, BOB, seen(store), "mine", LATIN)


def test_whoever_comes_second_overwrites_nothing(store, monkeypatch):
    store.add(lines(1), "test")
    monkeypatch.setattr("labeling.queue.CLAIM_SECONDS", -1.0)  # claims end at once
    first, second = take_next(store, ADA), take_next(store, BOB)
    answers.label(store, BOB, Seen(second.id, second.revision), "bob's", LATIN.__class__("bos'"))
    for act in (answers.mark_unreadable, answers.skip):
        with pytest.raises(ConflictError, match="changed meanwhile"):
            act(store, ADA, Seen(first.id, first.revision))
    assert store.item(1).text == "bob's"


def test_many_at_one_line_are_one_label(store, monkeypatch):
    store.add(lines(1), "test")
    monkeypatch.setattr("labeling.queue.CLAIM_SECONDS", -1.0)
    outcomes = []

    def try_to(number):
        asker = Asker(f"a{number}", f"s{number}")
        try:
            outcomes.append(answers.label(store, asker, Seen(1, 0), f"text {number}", LATIN).text)
        except ConflictError:
            outcomes.append(None)

    threads = [threading.Thread(target=try_to, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [text] = filter(None, outcomes)
    assert len(outcomes) == 8
    assert store.item(1).text == text
    assert len(history.of_item(store.reading(), 1)) == 2


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (answers.mark_unreadable, UNREADABLE),
        (answers.skip, WAITING),
        (lambda *given: answers.flag(*given, "two lines"), FLAGGED),
        (lambda *given: answers.label(*given, "text", LATIN), ACCEPTED),
        (lambda *given: answers.decide(*given, "text", LATIN), ACCEPTED),
        (lambda *given: answers.decide(*given, None, LATIN), UNREADABLE),
    ],
)
def test_each_deed_can_be_taken_back(store, act, status):
    store.add(lines(2), "test")
    act(store, ADA, seen(store))
    assert store.item(1).status == status
    assert answers.undo(store, ADA).id == 1
    assert (store.item(1).status, store.item(1).text) == (WAITING, None)
    assert answers.answers_of(store, 1) == {}
    assert take_next(store, ADA).id == 1
    assert [change.undone for change in history.of_item(store.reading(), 1)] == [False, True, False]
    assert answers.undo(store, ADA) is None


def test_undo_goes_back_deed_by_deed_and_leaves_others_alone(store):
    store.add(lines(3), "test")
    for text in ("one", "two"):
        say(store, ADA, text)
    say(store, BOB, "three")
    assert answers.last_deed(store, "ada").after == "two"
    assert [answers.undo(store, ADA).id for _ in range(2)] == [2, 1]
    assert store.item(3).text == "three"
    assert answers.last_text(store, 1, "ada") == "one"


def test_what_somebody_has_changed_since_is_not_taken_back(store):
    store.add(lines(1), "test")
    say(store, ADA, "one")
    answers.decide(store, BOB, seen(store), "two", LATIN)
    with pytest.raises(ConflictError, match="somebody else has changed since"):
        answers.undo(store, ADA)
    answers.undo(store, BOB)
    assert store.item(1).text == "one"
    answers.undo(store, ADA)
    assert store.item(1).status == WAITING


@pytest.mark.parametrize(
    ("first", "second", "status", "text"),
    [
        ("same", "same", ACCEPTED, "same"),
        ("one", "two", DISPUTED, None),
        ("one", None, DISPUTED, None),
        (None, None, UNREADABLE, None),
    ],
)
def test_two_annotators_make_one_outcome(store, first, second, status, text):
    store.add(lines(1, annotators=2), "test")
    for asker, said in ((ADA, first), (BOB, second)):
        assert take_next(store, asker).id == 1
        if said is None:
            answers.mark_unreadable(store, asker, seen(store))
        else:
            answers.label(store, asker, seen(store), said, LATIN)
        assert take_next(store, asker) is None  # not asked twice
    assert (store.item(1).status, store.item(1).text) == (status, text)
    answers.undo(store, BOB)
    assert store.item(1).status == WAITING
    assert answers.answers_of(store, 1) == {"ada": first}
