"""Has many pictures read: in requests of bounded size, a few under way at a time, in order."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from serving.client.errors import BusyError, RefusedError, ServingError

BUSY_WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds to wait before the same request is sent again to a server that is busy."""

Item = TypeVar("Item")
Ask = Callable[[Sequence[bytes]], list[Any]]
"""Encoded pictures -> an answer for each; raises `ServingError`."""


@dataclass(frozen=True)
class Limits:
    """How much is asked for at once.

    Args:
      pictures: in one request, at the most.
      content_bytes: of their files, unless one alone is larger.
      in_flight: requests under way.
    """

    pictures: int
    content_bytes: int = 16 << 20
    in_flight: int = 2


@dataclass(frozen=True)
class Answered(Generic[Item]):
    """What came of one item.

    Args:
      item: as it was given.
      answer: of the server; None where there is a problem.
      problem: why the server refuses this one, in one line; "" where there is an answer.
    """

    item: Item
    answer: Any = None
    problem: str = ""


def ask_many(
    ask: Ask,
    items: Iterable[Item],
    content_of: Callable[[Item], bytes],
    limits: Limits,
) -> Iterator[Answered[Item]]:
    """Yields what came of each item, in order, and takes no more items than are under way.

    Args:
      ask: sends one request; called from several threads.
      items: pictures; b"" as content asks for nothing and is passed on without an answer.
      content_of: the encoded picture of an item.
      limits: how much is asked for at once.

    Raises:
      ServingError: nothing more can be read: the server is gone, stays busy or has no such model.
    """
    with ThreadPoolExecutor(limits.in_flight, thread_name_prefix="ask") as pool:
        under_way: deque[Future[list[Answered[Item]]]] = deque()
        try:
            for batch in _batches(items, content_of, limits):
                if len(under_way) == limits.in_flight:
                    yield from under_way.popleft().result()
                under_way.append(pool.submit(_ask_batch, ask, batch, content_of))
            while under_way:
                yield from under_way.popleft().result()
        finally:
            for waiting in under_way:
                waiting.cancel()


def _batches(
    items: Iterable[Item], content_of: Callable[[Item], bytes], limits: Limits
) -> Iterator[list[Item]]:
    batch: list[Item] = []
    weight = 0
    for item in items:
        more = len(content_of(item))
        if batch and (len(batch) == limits.pictures or weight + more > limits.content_bytes):
            yield batch
            batch, weight = [], 0
        batch.append(item)
        weight += more
    if batch:
        yield batch


def _ask_batch(
    ask: Ask, batch: list[Item], content_of: Callable[[Item], bytes]
) -> list[Answered[Item]]:
    wanted = [item for item in batch if content_of(item)]
    answers = iter(_ask_each(ask, wanted, content_of))
    return [next(answers) if content_of(item) else Answered(item) for item in batch]


def _ask_each(
    ask: Ask, batch: list[Item], content_of: Callable[[Item], bytes]
) -> list[Answered[Item]]:
    """Asks for a batch; where it is refused one by one, to tell which picture is to blame."""
    if not batch:
        return []
    try:
        answers = _ask_patiently(ask, [content_of(item) for item in batch])
    except RefusedError as error:
        if len(batch) == 1:
            return [Answered(batch[0], problem=str(error))]
        return [answered for item in batch for answered in _ask_each(ask, [item], content_of)]
    return [Answered(item, answer) for item, answer in zip(batch, answers, strict=True)]


def _ask_patiently(ask: Ask, images: Sequence[bytes]) -> list[Any]:
    for seconds in BUSY_WAITS:
        try:
            return ask(images)
        except BusyError:
            time.sleep(seconds)
    try:
        return ask(images)
    except BusyError as error:
        raise ServingError(str(error)) from error
