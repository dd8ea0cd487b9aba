import threading
import time
from pathlib import Path

import pytest

from serving.server.model_config import EVERY_VERSION, VersionPolicy
from serving.server.status import Code, ServableError
from serving.server.version_states import LoadPolicy, State, VersionStatus
from serving.server.versions import ModelVersions


class FakeServable:
    """Stands in for a SavedModel; fails to load if its file says so."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.closed = False
        if (path / "saved_model.pb").read_text() == "broken":
            raise ValueError("broken model")

    def close(self) -> None:
        self.closed = True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def push(base: Path, version: str, content: str = "good") -> None:
    (base / version).mkdir(parents=True, exist_ok=True)
    (base / version / "saved_model.pb").write_text(content)


def remove(base: Path, version: str) -> None:
    (base / version / "saved_model.pb").unlink()
    (base / version).rmdir()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def versions(tmp_path: Path, clock: Clock) -> ModelVersions:
    policy = LoadPolicy(retries=1, retry_seconds=10)
    return ModelVersions("m", tmp_path, FakeServable, load_policy=policy, clock=clock)


def serving(versions: ModelVersions) -> int | None:
    try:
        with versions.lease() as lease:
            return lease.version
    except ServableError:
        return None


def test_the_newest_serves_and_the_others_are_left_alone(
    versions: ModelVersions, tmp_path: Path
) -> None:
    for version in ("1", "10", "9"):
        push(tmp_path, version)
    versions.poll()
    assert serving(versions) == 10
    assert versions.statuses() == {10: VersionStatus(10, State.AVAILABLE)}


def test_a_folder_is_loaded_once_its_model_file_is_there(
    versions: ModelVersions, tmp_path: Path
) -> None:
    push(tmp_path, "1")
    (tmp_path / "2").mkdir()
    versions.poll()
    assert serving(versions) == 1
    push(tmp_path, "2")
    versions.poll()
    assert serving(versions) == 2


def test_the_old_version_unloads_after_its_last_request(
    versions: ModelVersions, tmp_path: Path
) -> None:
    push(tmp_path, "1")
    versions.poll()
    with versions.lease() as old:
        push(tmp_path, "2")
        versions.poll()
        assert serving(versions) == 2
        assert not old.servable.closed
        assert [status.state for status in versions.statuses().values()] == [
            State.AVAILABLE,
            State.UNLOADING,
        ]
    assert old.servable.closed
    assert versions.statuses()[1] == VersionStatus(1, State.END)


def test_the_new_version_loads_before_the_old_unloads(tmp_path: Path) -> None:
    events: list[str] = []

    class Recorded(FakeServable):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            events.append(f"load {self.name}")

        def close(self) -> None:
            events.append(f"close {self.name}")

    versions = ModelVersions("m", tmp_path, Recorded)
    push(tmp_path, "1")
    versions.poll()
    push(tmp_path, "2")
    versions.poll()
    versions.stop()
    assert events == ["load 1", "load 2", "close 1", "close 2"]


def test_a_failed_load_keeps_the_old_and_is_retried_a_bounded_number_of_times(
    versions: ModelVersions, tmp_path: Path, clock: Clock
) -> None:
    push(tmp_path, "1")
    versions.poll()
    push(tmp_path, "2", "broken")
    versions.poll()
    assert serving(versions) == 1
    message = "ValueError: broken model"
    assert versions.statuses()[2] == VersionStatus(2, State.LOADING, Code.UNKNOWN, message)
    push(tmp_path, "2")  # mended, but the next attempt is not due
    versions.poll()
    assert serving(versions) == 1
    push(tmp_path, "2", "broken")
    clock.now = 10
    versions.poll()
    assert versions.statuses()[2] == VersionStatus(2, State.END, Code.UNKNOWN, message)
    push(tmp_path, "2")  # mended, but given up
    clock.now = 1000
    versions.poll()
    assert serving(versions) == 1


def test_a_retry_may_succeed(versions: ModelVersions, tmp_path: Path, clock: Clock) -> None:
    push(tmp_path, "2", "broken")
    versions.poll()
    assert serving(versions) is None
    push(tmp_path, "2")
    clock.now = 10
    versions.poll()
    assert serving(versions) == 2


def test_a_version_that_was_given_up_gets_another_chance_under_a_new_folder(
    versions: ModelVersions, tmp_path: Path, clock: Clock
) -> None:
    push(tmp_path, "2", "broken")
    for clock.now in (0, 10, 20):
        versions.poll()
    remove(tmp_path, "2")
    versions.poll()
    assert versions.statuses() == {}
    push(tmp_path, "2")
    versions.poll()
    assert serving(versions) == 2


def test_without_a_serving_version_an_older_one_steps_in(
    versions: ModelVersions, tmp_path: Path
) -> None:
    push(tmp_path, "1")
    push(tmp_path, "2", "broken")
    versions.poll()
    assert serving(versions) == 1


def test_removing_the_newest_folder_rolls_back(versions: ModelVersions, tmp_path: Path) -> None:
    push(tmp_path, "1")
    push(tmp_path, "2")
    versions.poll()
    remove(tmp_path, "2")
    versions.poll()
    assert serving(versions) == 1


def test_an_empty_base_path_keeps_the_last_version(versions: ModelVersions, tmp_path: Path) -> None:
    push(tmp_path, "1")
    versions.poll()
    remove(tmp_path, "1")
    versions.poll()
    assert serving(versions) == 1
    tmp_path.rmdir()
    versions.poll()
    assert serving(versions) == 1


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (None, "Servable not found for request: Latest(m)"),
        (8, "Servable not found for request: Specific(m, 8)"),
    ],
)
def test_requests_for_what_does_not_serve(
    versions: ModelVersions, version: int | None, message: str
) -> None:
    with pytest.raises(ServableError) as caught, versions.lease(version):
        pass
    assert (caught.value.code, caught.value.message) == (Code.NOT_FOUND, message)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (VersionPolicy(), [9]),
        (VersionPolicy(latest=2), [9, 4]),
        (VersionPolicy(specific=frozenset({1, 4, 7})), [4, 1]),
        (EVERY_VERSION, [9, 4, 1]),
    ],
)
def test_the_policy_says_what_serves(
    versions: ModelVersions, tmp_path: Path, policy: VersionPolicy, expected: list[int]
) -> None:
    for version in ("1", "4", "9"):
        push(tmp_path, version)
    versions.reconfigure(tmp_path, policy)
    versions.poll()
    assert sorted(versions.loaded(), reverse=True) == expected
    with versions.lease() as newest, versions.lease(expected[-1]) as oldest:
        assert (newest.version, oldest.version) == (expected[0], expected[-1])


def test_what_is_not_wanted_stays_until_all_that_is_wanted_serves(
    versions: ModelVersions, tmp_path: Path, clock: Clock
) -> None:
    push(tmp_path, "1")
    versions.poll()
    push(tmp_path, "2")
    push(tmp_path, "3", "broken")
    versions.reconfigure(tmp_path, VersionPolicy(specific=frozenset({2, 3})))
    versions.poll()
    assert versions.loaded() == {1, 2}
    push(tmp_path, "3")
    clock.now = 10
    versions.poll()
    assert versions.loaded() == {2, 3}


def test_where_it_looks_once_only_what_was_there_is_loaded(tmp_path: Path) -> None:
    push(tmp_path, "1")
    versions = ModelVersions("m", tmp_path, FakeServable)
    versions.start(0)
    assert versions.wait_until_available(5) == 1
    push(tmp_path, "2")
    versions._wake.set()
    versions.reconfigure(tmp_path / "other", VersionPolicy())
    versions.reconfigure(tmp_path, VersionPolicy())
    deadline = time.monotonic() + 5
    while versions.loaded() != {2} and time.monotonic() < deadline:
        time.sleep(0.01)
    assert versions.loaded() == {2}
    versions.stop()


def test_the_watch_loads_what_appears_and_waiting_sees_it(tmp_path: Path) -> None:
    base = tmp_path / "later"
    versions = ModelVersions("m", base, FakeServable)
    versions.start(0.02)
    timer = threading.Timer(0.1, push, (base, "4"))
    timer.start()
    assert versions.wait_until_available(5) == 4
    timer.join()
    versions.stop()
    assert serving(versions) is None


def test_waiting_in_vain_says_why(versions: ModelVersions, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match=r"no version folder has saved_model\.pb"):
        versions.wait_until_available(0.01)
    push(tmp_path, "2", "broken")
    versions.poll()
    with pytest.raises(TimeoutError, match="2 LOADING ValueError: broken model"):
        versions.wait_until_available(0.01)
