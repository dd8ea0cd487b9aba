"""What a run tells of publishing; a stand-in for the pipeline spares importing TensorFlow."""

import json
import sys
from types import SimpleNamespace

import pytest

from pipeline.arguments import make_config, make_parser
from pipeline.beam.options import BeamWork
from pipeline.buckets.publish import Outlet
from pipeline.command import NOT_BLESSED, PUSHED, run
from pipeline.pages.result import PagePush
from pipeline.run_result import RunResult
from pipeline.workspace import Workspace
from schema.errors import InputError


@pytest.fixture
def config(tmp_path):
    arguments = ["--workspace", str(tmp_path / "workspace")]
    return make_config(make_parser("runner", "").parse_args(arguments))


@pytest.fixture
def call(config, gcs_store, monkeypatch):
    workspace = Workspace(config.workspace)
    for name in (config.pipeline_name, "pages"):
        version = workspace.pushed / name / "5"
        version.mkdir(parents=True)
        (version / "saved_model.pb").write_text(name)

    def run_it(blessed=True):
        result = RunResult(
            **dict.fromkeys(("run_id", "dataset", "unit", "error_name", "command"), ""),
            pipeline=config.pipeline_name,
            synthetic=True,
            blessed=blessed,
            pushed=config.serving_path / "5" if blessed else None,
            reasons=(),
            pages=PagePush(workspace.pushed / "pages" / "5") if blessed else None,
        )
        stand_in = SimpleNamespace(run_pipeline=lambda *_: result)
        report = SimpleNamespace(write_report=lambda _, path: path)
        monkeypatch.setitem(sys.modules, "pipeline.run", stand_in)
        monkeypatch.setitem(sys.modules, "pipeline.report.render", report)
        monkeypatch.setattr("pipeline.command.prepare_data", lambda config: config)
        return run(config, "", False, BeamWork(()), Outlet(workspace, gcs_store.address))

    return run_it


def test_what_was_pushed_is_published_with_its_pages(call, gcs_store, capsys):
    assert call() == PUSHED
    assert set(gcs_store.objects()) == {
        "sample-lines/5/saved_model.pb",
        "pages/5/saved_model.pb",
    }
    *told, last = capsys.readouterr().out.splitlines()
    address = f"{gcs_store.address}/sample-lines/5"
    assert f"bucket   {address}" in told
    assert json.loads(last)["published"] == address


def test_what_was_not_pushed_is_not_published(call, gcs_store, capsys):
    assert call(blessed=False) == NOT_BLESSED
    assert gcs_store.objects() == {}
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["published"] is None


def test_a_bucket_that_fails_is_told_after_the_result(call, gcs_store, capsys):
    gcs_store.contents.refused = 403
    with pytest.raises(InputError, match="what was pushed here stands"):
        call()
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["pushed"].endswith("/5")
    assert told["published"] is None
