import threading
import time
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import numpy as np
import pytest

from serving.server.batch_settings import BatchSettings
from serving.server.batching import Batcher
from serving.server.signature_call import SignatureCall
from serving.server.status import Code, ServableError


class Doubler:
    """Doubles numbers, remembers the batches, and refuses negative numbers."""

    def __init__(self) -> None:
        self.batches: list[list[float]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def run(self, call: SignatureCall) -> list[np.ndarray]:
        (x,) = call.feeds
        self.entered.set()
        self.gate.wait(10)
        self.batches.append(x.ravel().tolist())
        if (x < 0).any():
            raise ServableError(Code.INVALID_ARGUMENT, "negative")
        return [2 * x, np.float32(x.sum())] if call.outputs == ("total", "y") else [2 * x]


def call(*values: float, outputs: tuple[str, ...] = ("y",), width: int = 0) -> SignatureCall:
    x = np.array(values, np.float32)
    return SignatureCall(
        "s", ("x",), [x if not width else np.repeat(x[:, None], width, 1)], outputs
    )


@pytest.fixture
def model() -> Doubler:
    return Doubler()


@pytest.fixture
def pool() -> Iterator[futures.ThreadPoolExecutor]:
    with futures.ThreadPoolExecutor(32) as made:
        yield made


@pytest.fixture
def make() -> Iterator[Any]:
    made: list[Batcher] = []

    def start(*args: Any, **settings: Any) -> Batcher:
        made.append(Batcher(BatchSettings(**{"threads": 1, **settings}), *args))
        return made[-1]

    yield start
    for batcher in made:
        batcher.stop()


def held(model: Doubler, batcher: Batcher, pool: Any) -> Any:
    """Keep the one thread busy with a call of its own."""
    model.gate.clear()
    asked = pool.submit(batcher.run, model, call(0))
    assert model.entered.wait(5)
    return asked


def submit(pool: Any, batcher: Batcher, model: Doubler, calls: list[SignatureCall]) -> list[Any]:
    asked = []
    for one in calls:
        asked.append(pool.submit(batcher.run, model, one))
        time.sleep(0.02)  # in this order
    return asked


def test_calls_that_wait_share_a_batch_and_each_gets_its_rows(model, make, pool) -> None:
    seen: list[tuple[int, float]] = []
    batcher = make(lambda rows, seconds: seen.append((rows, seconds)))
    first = held(model, batcher, pool)
    asked = submit(pool, batcher, model, [call(1, 2), call(3), call(4, 5, 6)])
    model.gate.set()
    assert [task.result(5)[0].tolist() for task in asked] == [[2, 4], [6], [8, 10, 12]]
    first.result(5)
    assert model.batches == [[0], [1, 2, 3, 4, 5, 6]]
    assert [rows for rows, _ in seen] == [1, 6]
    assert 0.02 < seen[1][1] < 5


def test_a_batch_has_at_most_so_many_rows(model, make, pool) -> None:
    batcher = make(max_batch_size=4)
    held(model, batcher, pool)
    asked = submit(pool, batcher, model, [call(1, 1), call(2, 2), call(3)])
    model.gate.set()
    futures.wait(asked, 5)
    assert model.batches == [[0], [1, 1, 2, 2], [3]]


def test_a_batch_waits_for_others_but_not_for_ever(model, make, pool) -> None:
    batcher = make(max_batch_size=100, timeout_seconds=0.2)
    started = time.monotonic()
    asked = submit(pool, batcher, model, [call(1), call(2)])
    futures.wait(asked, 5)
    assert model.batches == [[1, 2]]
    assert 0.2 <= time.monotonic() - started < 2


def test_a_full_batch_waits_no_longer(model, make, pool) -> None:
    batcher = make(max_batch_size=2, timeout_seconds=60)
    done, _ = futures.wait(submit(pool, batcher, model, [call(1), call(2)]), 5)
    assert len(done) == 2


def test_batches_are_padded_to_an_allowed_size(model, make, pool) -> None:
    batcher = make(max_batch_size=4, allowed_batch_sizes=(2, 4))
    assert batcher.run(model, call(7))[0].tolist() == [14]
    assert batcher.run(model, call(1, 2, 3))[0].tolist() == [2, 4, 6]
    assert model.batches == [[7, 7], [1, 2, 3, 1]]


def test_a_full_queue_refuses(model, make, pool) -> None:
    batcher = make(max_batch_size=2, max_enqueued_batches=2)
    held(model, batcher, pool)
    asked = submit(pool, batcher, model, [call(1, 1), call(2, 2)])
    with pytest.raises(ServableError, match=r"queue .* is full") as caught:
        batcher.run(model, call(3))
    assert caught.value.code == Code.RESOURCE_EXHAUSTED
    model.gate.set()
    assert [task.result(5)[0].tolist() for task in asked] == [[2, 2], [4, 4]]


def test_a_call_larger_than_a_batch_is_refused(model, make) -> None:
    with pytest.raises(ServableError, match="Task size 3 is larger than maximum input batch size"):
        make(max_batch_size=2).run(model, call(1, 2, 3))


def test_a_bad_call_fails_alone(model, make, pool) -> None:
    batcher = make()
    held(model, batcher, pool)
    asked = submit(pool, batcher, model, [call(1), call(-1), call(2), call(3)])
    model.gate.set()
    futures.wait(asked, 5)
    assert str(asked[1].exception()) == "negative"
    assert [asked[n].result()[0].tolist() for n in (0, 2, 3)] == [[2], [4], [6]]


def test_an_output_without_rows_is_answered_call_by_call(model, make, pool) -> None:
    batcher = make()
    held(model, batcher, pool)
    both = ("total", "y")
    asked = submit(pool, batcher, model, [call(1, 2, outputs=both), call(5, outputs=both)])
    model.gate.set()
    assert [task.result(5)[1].item() for task in asked] == [3, 5]


def test_calls_of_different_shapes_are_batched_apart(model, make, pool) -> None:
    batcher = make()
    held(model, batcher, pool)
    asked = submit(pool, batcher, model, [call(1, width=2), call(2, width=3), call(3, width=2)])
    model.gate.set()
    futures.wait(asked, 5)
    assert model.batches == [[0], [1, 1, 3, 3], [2, 2, 2]]


def test_different_shapes_may_be_padded_to_one(model, make, pool) -> None:
    batcher = make(pad_variable_length=True)
    held(model, batcher, pool)
    asked = submit(pool, batcher, model, [call(1, width=2), call(2, width=3)])
    model.gate.set()
    assert asked[0].result(5)[0].tolist() == [[2, 2, 0]]
    assert model.batches == [[0], [1, 1, 0, 2, 2, 2]]


def test_a_call_whose_time_is_over_does_not_run(model, make, pool) -> None:
    batcher = make()
    held(model, batcher, pool)
    with pytest.raises(ServableError) as caught:
        batcher.run(model, call(1), time.monotonic() + 0.05)
    assert caught.value.code == Code.DEADLINE_EXCEEDED
    model.gate.set()
    batcher.stop()
    assert model.batches == [[0]]


def test_a_call_that_runs_is_waited_for(model, make, pool) -> None:
    batcher = make()
    model.gate.clear()
    asked = pool.submit(batcher.run, model, call(1), time.monotonic() + 0.05)
    assert model.entered.wait(5)
    time.sleep(0.1)
    assert not asked.done(), "the version must not unload under it"
    model.gate.set()
    assert asked.result(5)[0].tolist() == [2]


def test_a_scalar_input_is_not_batched(model, make) -> None:
    alone = SignatureCall("s", ("x",), [np.array(3.0, np.float32)], ("y",))
    assert make().run(model, alone)[0].item() == 6


def test_a_scalar_input_waits_for_no_batch(model, make) -> None:
    batcher = make(timeout_seconds=60)
    waiting = batcher.submit(model, call(1))
    alone = SignatureCall("s", ("x",), [np.array(3.0, np.float32)], ("y",))
    assert batcher.run(model, alone)[0].item() == 6
    assert not waiting.done()


def test_who_submits_does_not_wait(model, make, pool) -> None:
    batcher, told = make(), futures.Future()
    held(model, batcher, pool)
    asked = batcher.submit(model, call(1))
    asked.add_done_callback(lambda _: told.set_result(threading.current_thread().name))
    assert not asked.done()
    model.gate.set()
    assert asked.result(5)[0].tolist() == [2]
    assert told.result(5).startswith("batch-")


def test_stopping_answers_what_waits(model, make, pool) -> None:
    batcher = make(timeout_seconds=60)
    asked = submit(pool, batcher, model, [call(1)])
    batcher.stop()
    assert asked[0].result(5)[0].tolist() == [2]
    with pytest.raises(ServableError, match="the server is stopping"):
        batcher.run(model, call(1))


def test_many_threads_lose_nothing(model, make, pool) -> None:
    batcher = make(max_batch_size=8, max_enqueued_batches=100, threads=3, timeout_seconds=0.001)
    asked = {n: pool.submit(batcher.run, model, call(n, n + 0.5)) for n in range(200)}
    for number, task in asked.items():
        assert task.result(10)[0].tolist() == [2 * number, 2 * number + 1]
    assert sum(map(len, model.batches)) == 400


def test_a_batch_is_divided_among_threads_that_are_free(make, pool) -> None:
    both = threading.Barrier(2)

    class Meeting(Doubler):
        def run(self, call: SignatureCall) -> list[np.ndarray]:
            both.wait(10)  # fails unless two pieces run at a time
            return super().run(call)

    model = Meeting()
    batcher = make(
        threads=2, max_batch_size=16, timeout_seconds=10, divide=True, pad_variable_length=True
    )
    while batcher._free < 2:
        time.sleep(0.01)
    calls = [call(n, width=1 + n % 2) for n in range(16)]
    asked = [pool.submit(batcher.run, model, one) for one in calls]
    answers = [task.result(10)[0] for task in asked]
    assert [answer.ravel()[0] for answer in answers] == [2 * n for n in range(16)]
    assert len(model.batches) == 2


def test_a_batch_is_whole_where_no_other_thread_is_free(model, make, pool) -> None:
    batcher = make(threads=1, max_batch_size=16, timeout_seconds=10, divide=True)
    asked = [pool.submit(batcher.run, model, call(n)) for n in range(16)]
    assert [task.result(10)[0].tolist() for task in asked] == [[2 * n] for n in range(16)]
    assert [len(batch) for batch in model.batches] == [16]


def test_what_fails_in_a_piece_fails_alone(model, make, pool) -> None:
    batcher = make(threads=2, max_batch_size=20, timeout_seconds=10, divide=True)
    asked = [pool.submit(batcher.run, model, call(n)) for n in [*range(19), -1]]
    assert isinstance(asked.pop().exception(10), ServableError)
    assert [task.result(10)[0].tolist() for task in asked] == [[2 * n] for n in range(19)]
