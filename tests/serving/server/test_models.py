import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.server.model_config import ModelSettings, VersionPolicy
from serving.server.models import LabelPolicy, Models, ModelSpec
from serving.server.status import Code, ServableError
from serving.server.version_states import State


class FakeServable:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.closed = False

    def close(self) -> None:
        self.closed = True


def push(base: Path, *versions: int) -> None:
    for version in versions:
        (base / str(version)).mkdir(parents=True)
        (base / str(version) / "saved_model.pb").write_text("good")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    push(tmp_path / "a", 1, 2)
    push(tmp_path / "b", 5)
    return tmp_path


@pytest.fixture
def models(base: Path) -> Iterator[Models]:
    both = Models(FakeServable, poll_seconds=0.02)
    both.apply([ModelSettings("a", base / "a"), ModelSettings("b", base / "b")])
    both.start()
    both.wait_until_available(5)
    yield both
    both.stop()


def refused(models: Models, *spec: object) -> tuple[Code, str]:
    with pytest.raises(ServableError) as caught, models.lease(ModelSpec(*spec)):
        pass
    return caught.value.code, caught.value.message


def available(models: Models, name: str) -> list[int]:
    told = models.statuses(ModelSpec(name))
    return [status.version for status in told if status.state == State.AVAILABLE]


def test_each_model_is_found_by_name(models: Models) -> None:
    assert models.wait_until_available(1) == {"a": 2, "b": 5}
    with models.lease(ModelSpec("b")) as lease:
        assert (lease.version, lease.servable.path.parent.name) == (5, "b")
    assert models.unavailable() == []


def test_what_is_not_there_is_not_found(models: Models) -> None:
    assert refused(models, "c") == (
        Code.NOT_FOUND,
        "Servable not found for request: Latest(c)",
    )
    assert refused(models, "a", 9)[1] == "Servable not found for request: Specific(a, 9)"
    assert refused(models, "") == (Code.INVALID_ARGUMENT, "ModelSpec has no name specified.")
    assert refused(models, "a", None, "x") == (
        Code.INVALID_ARGUMENT,
        "Unrecognized servable version label: x",
    )
    with pytest.raises(ServableError, match="Could not find any versions of model c"):
        models.statuses(ModelSpec("c"))
    with pytest.raises(ServableError, match="Could not find version 9 of model a"):
        models.statuses(ModelSpec("a", 9))


def test_another_configuration_adds_and_removes_models(models: Models, base: Path) -> None:
    push(base / "c", 7)
    with models.lease(ModelSpec("a")) as held:
        models.apply([ModelSettings("b", base / "b"), ModelSettings("c", base / "c")])
        assert models.wait_until_available(5) == {"b": 5, "c": 7}
        assert refused(models, "a")[0] == Code.NOT_FOUND
        assert not held.servable.closed, "a request that runs keeps its version"
    assert held.servable.closed


def test_a_label_names_a_version_that_serves(models: Models, base: Path) -> None:
    both = VersionPolicy(latest=2)
    models.apply([ModelSettings("a", base / "a", both)])
    deadline = time.monotonic() + 5
    while len(available(models, "a")) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    models.apply([ModelSettings("a", base / "a", both, {"stable": 1, "canary": 2})])
    with models.lease(ModelSpec("a", None, "stable")) as lease:
        assert lease.version == 1
    (status,) = models.statuses(ModelSpec("a", None, "canary"))
    assert status.version == 2


def test_a_label_for_a_version_that_does_not_serve_is_refused(models: Models, base: Path) -> None:
    with pytest.raises(ServableError) as caught:
        models.apply([ModelSettings("a", base / "a", labels={"stable": 9})])
    assert caught.value.code == Code.FAILED_PRECONDITION
    assert "assign label 'stable' to version 9 of model a" in caught.value.message
    assert {m.name for m in models.settings()} == {"a", "b"}, "nothing has changed"


def test_new_labels_may_wait_for_their_version_where_that_is_allowed(base: Path) -> None:
    models = Models(FakeServable, labels=LabelPolicy(new=True))
    settings = ModelSettings("a", base / "a", labels={"stable": 1})
    models.apply([settings])
    assert refused(models, "a", None, "stable")[1].endswith("Specific(a, 1)")
    # A label in use may not wait: its requests would fail meanwhile.
    with pytest.raises(ServableError, match="to version 2"):
        models.apply([ModelSettings("a", base / "a", labels={"stable": 2})])
    models.stop()


def test_any_label_may_wait_where_that_is_forced(base: Path) -> None:
    models = Models(FakeServable, labels=LabelPolicy(new=True, moved=True))
    for version in (1, 2):
        models.apply([ModelSettings("a", base / "a", labels={"stable": version})])
    models.stop()
