import itertools
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.client import stream
from serving.client.errors import BusyError, RefusedError, ServingError
from serving.client.stream import Answered, Limits, ask_many


def echo(images: Sequence[bytes]) -> list[str]:
    return [image.decode() for image in images]


def run(ask, items: list[bytes], limits: Limits) -> list[Answered]:
    return list(ask_many(ask, items, lambda item: item, limits))


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from([b"", b"a", b"bb", b"ccccc"])),
    st.integers(1, 4),
    st.integers(1, 8),
    st.integers(1, 3),
)
def test_answers_come_in_order_and_requests_stay_small(items, pictures, size, in_flight) -> None:
    requests: list[list[bytes]] = []

    def ask(images: Sequence[bytes]) -> list[str]:
        requests.append(list(images))
        return echo(images)

    answered = run(ask, items, Limits(pictures, size, in_flight))
    assert [each.item for each in answered] == items
    assert [each.answer for each in answered] == [item.decode() or None for item in items]
    for request in requests:
        assert len(request) <= pictures
        assert len(request) == 1 or sum(map(len, request)) <= size
    assert b"" not in itertools.chain(*requests)


def test_no_more_requests_are_under_way_than_allowed_and_items_are_taken_late() -> None:
    under_way, most, taken = 0, 0, 0
    lock = threading.Lock()

    def ask(images: Sequence[bytes]) -> list[str]:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.01)
        with lock:
            under_way -= 1
        return echo(images)

    def items():
        nonlocal taken
        for _ in range(20):
            taken += 1
            yield b"a"

    answers = ask_many(ask, items(), lambda item: item, Limits(1, in_flight=2))
    next(answers)
    assert taken <= 4
    assert len(list(answers)) == 19
    assert most == 2


def test_the_picture_to_blame_is_found() -> None:
    def ask(images: Sequence[bytes]) -> list[str]:
        if b"bad" in images:
            raise RefusedError("not a picture")
        return echo(images)

    answered = run(ask, [b"a", b"bad", b"c"], Limits(3))
    assert [each.answer for each in answered] == ["a", None, "c"]
    assert [each.problem for each in answered] == ["", "not a picture", ""]


def test_a_busy_server_is_asked_again_a_few_times(monkeypatch) -> None:
    monkeypatch.setattr(stream, "BUSY_WAITS", (0.0, 0.0))
    refusals = iter([BusyError("busy"), BusyError("busy")])

    def ask(images: Sequence[bytes]) -> list[str]:
        for refusal in refusals:
            raise refusal
        return echo(images)

    assert run(ask, [b"a"], Limits(1))[0].answer == "a"

    def never(images: Sequence[bytes]) -> list[str]:
        raise BusyError("busy")

    with pytest.raises(ServingError, match="busy"):
        run(never, [b"a"], Limits(1))


def test_what_was_read_before_the_server_went_is_not_lost() -> None:
    def ask(images: Sequence[bytes]) -> list[str]:
        if images == [b"c"]:
            raise ServingError("gone")
        return echo(images)

    answers = ask_many(ask, [b"a", b"b", b"c", b"d"], lambda item: item, Limits(1))
    assert [next(answers).answer, next(answers).answer] == ["a", "b"]
    with pytest.raises(ServingError, match="gone"):
        next(answers)
