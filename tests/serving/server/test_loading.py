import shutil
from pathlib import Path

import pytest

from serving.export import write_warmup_requests
from serving.model_folder import WARMUP_FILE
from serving.server.load_settings import LoadSettings
from serving.server.loading import Loader
from serving.server.servable import Servable
from serving.server.status import ServableError
from serving.server.telemetry import Telemetry


@pytest.fixture
def version(saved_model: Path, tmp_path: Path) -> Path:
    shutil.copytree(saved_model, tmp_path / "7")
    (tmp_path / "7" / "assets.extra").mkdir()
    write_warmup_requests(tmp_path / "7" / "assets.extra" / WARMUP_FILE, [b"abc"])
    return tmp_path / "7"


def test_a_load_is_warmed_up_and_measured(version: Path) -> None:
    telemetry = Telemetry()
    servable = Loader(LoadSettings(), telemetry)(version)
    assert isinstance(servable, Servable)
    text = telemetry.text().decode()
    assert f'load_attempt_count{{model_path="{version}",status="OK"}} 1' in text
    assert f'load_latency{{model_path="{version}"}}' in text
    assert f'model_warmup_latency_count{{model_path="{version}",status="OK"}} 1' in text
    servable.close()


def test_warming_up_may_be_left_out(version: Path) -> None:
    telemetry = Telemetry()
    Loader(LoadSettings(warm_up=False), telemetry)(version).close()
    assert "warmup" not in telemetry.text().decode()


def test_a_failed_warm_up_closes_what_was_loaded(
    version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    original = Servable.close
    monkeypatch.setattr(Servable, "close", lambda self: (closed.append(1), original(self)))
    (version / "assets.extra" / WARMUP_FILE).write_bytes(b"damaged, and long enough to tell")
    telemetry = Telemetry()
    with pytest.raises(ServableError):
        Loader(LoadSettings(), telemetry)(version)
    assert closed == [1]
    assert 'status="DATA_LOSS"' in telemetry.text().decode()


def test_a_missing_tag_does_not_load(version: Path) -> None:
    telemetry = Telemetry()
    with pytest.raises(RuntimeError, match="tag"):
        Loader(LoadSettings(tags=("gpu",)), telemetry)(version)
    assert 'load_attempt_count{model_path="' in telemetry.text().decode()


def test_lite_models_count_only_where_they_are_preferred(tmp_path: Path) -> None:
    for version, file in (("1", "saved_model.pb"), ("2", "model.tflite")):
        (tmp_path / version).mkdir()
        (tmp_path / version / file).touch()
    assert list(Loader(LoadSettings(), Telemetry()).find(tmp_path)) == [1]
    prefer = Loader(LoadSettings(prefer_tflite=True), Telemetry())
    assert list(prefer.find(tmp_path)) == [1, 2]
