"""A pipeline of two small components, whose root is in a bucket."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.types import Channel, artifact_utils
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import Examples, Model

from pipeline import artifact_operator
from pipeline.artifact_operator import tfx_keeps
from pipeline.buckets.artifacts import COMPLETE, Artifacts
from pipeline.store import open_store
from schema.errors import InputError

NAME = "small"
seen = SimpleNamespace(folders=[], maker=lambda folder: None)


class MakeExecutor(BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802
        folder = Path(artifact_utils.get_single_uri(output_dict["examples"]))
        seen.folders.append(folder)
        (folder / "Split-train").mkdir()
        (folder / "Split-train" / "data").write_text(exec_properties["content"])
        Path(self._get_tmp_dir(), "scratch").write_text("gone soon")
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        examples.set_string_custom_property("told", f"see {folder}/Split-train")
        seen.maker(folder)


class UseExecutor(BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802
        folder = Path(artifact_utils.get_single_uri(input_dict["examples"]))
        seen.folders.append(folder)
        text = (folder / "Split-train" / "data").read_text()
        model = Path(artifact_utils.get_single_uri(output_dict["model"]))
        (model / "saved").write_text(text.upper() + exec_properties["content"])


class MakeSpec(ComponentSpec):
    PARAMETERS: ClassVar = {"content": ExecutionParameter(type=str)}
    INPUTS: ClassVar = {}
    OUTPUTS: ClassVar = {"examples": ChannelParameter(type=Examples)}


class UseSpec(ComponentSpec):
    PARAMETERS: ClassVar = {"content": ExecutionParameter(type=str)}
    INPUTS: ClassVar = {"examples": ChannelParameter(type=Examples)}
    OUTPUTS: ClassVar = {"model": ChannelParameter(type=Model)}


class Make(BaseComponent):
    SPEC_CLASS = MakeSpec
    EXECUTOR_SPEC = ExecutorClassSpec(MakeExecutor)


class Use(BaseComponent):
    SPEC_CLASS = UseSpec
    EXECUTOR_SPEC = ExecutorClassSpec(UseExecutor)


@pytest.fixture
def store(gcs_store):
    """One kind of bucket: what differs between the two is tested with `Artifacts`."""
    return gcs_store


@pytest.fixture
def run(store, tmp_path):
    """Runs the pipeline on a machine; returns the executors' folders."""
    seen.folders.clear()
    seen.maker = lambda folder: None
    database = tmp_path / "metadata.sqlite"

    def run_on(machine, content="text", after="!"):
        artifacts = Artifacts(tmp_path / machine / "artifacts", store.address)
        maker = Make(MakeSpec(content=content, examples=Channel(type=Examples)))
        examples = maker.outputs["examples"]
        user = Use(UseSpec(content=after, examples=examples, model=Channel(type=Model)))
        pipeline = Pipeline(
            pipeline_name=NAME,
            pipeline_root=artifacts.root(NAME),
            components=[maker, user],
            enable_cache=True,
            metadata_connection_config=metadata.sqlite_metadata_connection_config(str(database)),
        )
        seen.folders.clear()
        with tfx_keeps(artifacts):
            LocalDagRunner().run(pipeline)
        return list(seen.folders)

    run_on.found = lambda kind: open_store(database).get_artifacts_by_type(kind)
    return run_on


def test_executors_see_folders_and_the_lineage_addresses(run, store, tmp_path):
    folders = run("here")
    assert folders == [tmp_path / "here" / "artifacts" / NAME / "Make" / "examples" / "1"] * 2
    [examples], [model] = run.found("Examples"), run.found("Model")
    assert examples.uri == f"{store.address}/{NAME}/Make/examples/1"
    assert examples.custom_properties["told"].string_value == f"see {examples.uri}/Split-train"
    assert model.uri == f"{store.address}/{NAME}/Use/model/2"
    kept = {name: each for name, each in store.objects().items() if not name.endswith(COMPLETE)}
    assert kept == {
        f"{NAME}/Make/examples/1/Split-train/data": b"text",
        f"{NAME}/Use/model/2/saved": b"TEXT!",
    }
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert "scratch" not in [path.name for path in left]


def test_another_machine_goes_on(run, tmp_path):
    run("here")
    assert run("there") == []
    assert not (tmp_path / "there").exists()
    [folder] = run("there", after="?")
    assert folder == tmp_path / "there" / "artifacts" / NAME / "Make" / "examples" / "1"
    assert run("here", after="?") == []


def test_what_is_gone_from_the_bucket_is_made_anew(run, store):
    run("here")
    for name in store.objects():
        if "/Make/" in name:
            store.take_away(name)
    assert len(run("here")) == 2


def test_what_its_maker_took_away_is_not_found_in_the_cache(run, store):
    seen.maker = shutil.rmtree
    with pytest.raises(FileNotFoundError):
        run("here")
    assert store.objects() == {}
    seen.maker = lambda folder: None
    assert len(run("here")) == 2


def test_what_fails_leaves_nothing(run, store, tmp_path):
    def fail(folder):
        raise InputError("expected more, got less: add some")

    seen.maker = fail
    with pytest.raises(InputError, match="expected more"):
        run("here")
    assert store.objects() == {}
    assert [path for path in (tmp_path / "here").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("failures", "pauses"), [(2, [5, 15]), (9, [5, 15, 60])])
def test_an_upload_is_not_given_up_at_once(run, store, monkeypatch, failures, pauses):
    waited, left = [], [InputError("no answer")] * failures
    upload = Artifacts.upload

    def fail(self, uri):
        if left:
            raise left.pop()
        upload(self, uri)

    monkeypatch.setattr(Artifacts, "upload", fail)
    monkeypatch.setattr(artifact_operator.time, "sleep", waited.append)
    if failures <= len(pauses):
        assert len(run("here")) == 2
        assert store.objects()
    else:
        with pytest.raises(InputError, match="no answer"):
            run("here")
        assert store.objects() == {}
    assert waited[: len(pauses)] == pauses


def test_an_input_with_a_missing_part_is_told(run, store):
    run("here")
    store.take_away(f"{NAME}/Make/examples/1/Split-train/data")
    with pytest.raises(InputError, match=r"the object .*/1/Split-train/data of 4 bytes"):
        run("there", after="?")
