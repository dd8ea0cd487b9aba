from pathlib import Path

import pytest

from serving.server.config_watch import ConfigWatch
from serving.server.model_config import read_model_config
from serving.server.models import Models

ONE = "config {{ name: '{}' base_path: '/none' model_platform: 'tensorflow' {} }}"


def write(file: Path, *names: str, more: str = "") -> None:
    file.write_text(f"model_config_list {{ {' '.join(ONE.format(n, more) for n in names)} }}")


@pytest.fixture
def watched(tmp_path: Path) -> tuple[Path, Models, ConfigWatch]:
    file = tmp_path / "models.config"
    write(file, "a")
    models = Models(load=lambda path: None)
    models.apply(read_model_config(file))
    return file, models, ConfigWatch(file, models, 3600)


def names(models: Models) -> list[str]:
    return [model.name for model in models.settings()]


def test_a_change_takes_effect(watched: tuple[Path, Models, ConfigWatch]) -> None:
    file, models, watch = watched
    write(file, "a", "b")
    watch.look()
    assert names(models) == ["a", "b"]
    write(file, "b")
    watch.look()
    assert names(models) == ["b"]
    watch.stop()


def test_a_file_that_cannot_be_used_changes_nothing_and_is_told_once(
    watched: tuple[Path, Models, ConfigWatch], caplog: pytest.LogCaptureFixture
) -> None:
    file, models, watch = watched
    for content in ("garbage", None):
        file.write_text(content) if content else file.unlink()
        watch.look()
        watch.look()
    assert names(models) == ["a"]
    assert len(caplog.records) == 2
    write(file, "b")
    watch.look()
    assert names(models) == ["b"]
    watch.stop()


def test_a_label_waits_for_its_version(
    watched: tuple[Path, Models, ConfigWatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, models, watch = watched
    write(file, "a", more="version_labels { key: 'stable' value: 7 }")
    watch.look()
    assert models.settings()[0].labels == {}
    monkeypatch.setattr(models._versions["a"], "loaded", lambda: {7})
    watch.look()
    assert models.settings()[0].labels == {"stable": 7}
    watch.stop()


def test_it_looks_by_itself(tmp_path: Path) -> None:
    import time

    file = tmp_path / "models.config"
    write(file, "a")
    models = Models(load=lambda path: None)
    models.apply(read_model_config(file))
    watch = ConfigWatch(file, models, 0.02)
    write(file, "b")
    deadline = time.monotonic() + 5
    while names(models) != ["b"] and time.monotonic() < deadline:
        time.sleep(0.01)
    watch.stop()
    assert names(models) == ["b"]
