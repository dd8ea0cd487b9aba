"""The compiled job is one of Kubeflow's schema, and hangs together."""

import json
import sys

import pytest

from pipeline import kubeflow
from pipeline.arguments import make_config, make_parser
from pipeline.prepare import prepare_data

IMAGE = "registry.example/handwriting:1"
SMALL = ("--set", "train_lines=20", "--set", "validation_lines=5", "--set", "test_lines=5")


def spec_of(job):
    return job["pipelineSpec"]


def inputs_of(task):
    sources = (
        artifact["taskOutputArtifact"]
        for artifact in task.get("inputs", {}).get("artifacts", {}).values()
    )
    return [(source["producerTask"], source["outputArtifactKey"]) for source in sources]


@pytest.fixture(scope="module", params=["lines", "characters"])
def job(request, glyph_folder, tmp_path_factory):
    pytest.importorskip("kfp.pipeline_spec", reason="needs kfp-pipeline-spec")
    workspace = tmp_path_factory.mktemp("workspace")
    arguments = ("--workspace", str(workspace), "--data-dir", str(glyph_folder))
    task = ("--task", request.param, "--dataset", "emnist")
    small = SMALL if request.param == "lines" else ()
    parsed = make_parser("runner", "").parse_args([*arguments, *task, *small])
    config = prepare_data(make_config(parsed))
    return kubeflow.compile_job(config, IMAGE, "gs://bucket/runs")


def test_every_stage_is_there_and_runs_in_the_image(job):
    tasks = spec_of(job)["root"]["dag"]["tasks"]
    assert {"ImportSchemaGen", "StatisticsGen", "ExampleValidator", "SpanCheck", "Transform"} < set(
        tasks
    )
    assert {"Trainer", "Evaluator", "InfraValidator", "Pusher"} < set(tasks)
    assert not {"last-span", "champion"} & set(tasks)  # the second becomes two of Kubeflow's
    executors = spec_of(job)["deploymentSpec"]["executors"]
    images = {each["container"]["image"] for each in executors.values() if "container" in each}
    assert images == {IMAGE}
    assert job["runtimeConfig"]["gcsOutputDirectory"] == "gs://bucket/runs"


def test_every_reference_leads_somewhere(job):
    spec = spec_of(job)
    tasks, components = spec["root"]["dag"]["tasks"], spec["components"]
    for name, task in tasks.items():
        component = components[task["componentRef"]["name"]]
        assert component["executorLabel"] in spec["deploymentSpec"]["executors"]
        assert set(task.get("dependentTasks", ())) <= set(tasks), name
        given = task.get("inputs", {})
        known = component.get("inputDefinitions", {})
        for kind in ("artifacts", "parameters"):
            assert set(given.get(kind, ())) <= set(known.get(kind, ())), name
        for producer, key in inputs_of(task):
            produced = components[tasks[producer]["componentRef"]["name"]]["outputDefinitions"]
            assert key in produced["artifacts"], (name, producer)


def test_no_push_past_both_blessings(job):
    tasks = spec_of(job)["root"]["dag"]["tasks"]
    assert {("Evaluator", "blessing"), ("InfraValidator", "blessing")} <= set(
        inputs_of(tasks["Pusher"])
    )


def test_nothing_reads_a_metadata_database(job):
    executors = spec_of(job)["deploymentSpec"]["executors"]
    assert (
        "tfx.components.trainer.executor.GenericExecutor"
        in executors["Trainer_executor"]["container"]["args"]
    )
    assert "metadata.sqlite" not in json.dumps(job)


def test_executors_can_be_imported_by_their_names(job):
    from tfx.utils.import_utils import import_class_by_path

    for executor in spec_of(job)["deploymentSpec"]["executors"].values():
        arguments = executor.get("container", {}).get("args", [])
        if "--executor_class_path" in arguments:
            path = arguments[arguments.index("--executor_class_path") + 1]
            assert import_class_by_path(path)


def test_bad_input_is_told_in_one_line(glyph_folder, tmp_path, capsys, monkeypatch):
    small = ("--dataset", "emnist", "--data-dir", str(glyph_folder), *SMALL)
    glyph_file = next(glyph_folder.iterdir())
    command = ["--image", IMAGE, "--workspace", str(tmp_path), *small]
    assert kubeflow.main([*command, "--metadata", "mysql://me@host/runs"]) == 2
    assert "expected no --metadata, which Kubeflow keeps itself" in capsys.readouterr().err
    assert kubeflow.main([*command, "--publish", "gs://bucket/models"]) == 2
    assert "expected no --publish, which no stage" in capsys.readouterr().err
    assert kubeflow.main([*command, "--artifacts", "gs://bucket/runs"]) == 2
    assert "expected no --artifacts, whose place Kubeflow is told by --root" in (
        capsys.readouterr().err
    )
    assert kubeflow.main([*command, "--data-dir", "gs://bucket/data"]) == 2
    assert "a folder that containers see as --data-dir" in capsys.readouterr().err
    monkeypatch.setattr(kubeflow, "compile_job", lambda *_: {"a": 1})
    assert kubeflow.main([*command, "--output", str(glyph_file / "job.json")]) == 2
    assert "expected --output FILE that can be written" in capsys.readouterr().err
    assert kubeflow.main([*command, "--output", str(tmp_path / "job.json")]) == 0
    assert json.loads((tmp_path / "job.json").read_text()) == {"a": 1}
    monkeypatch.setitem(sys.modules, "kfp.pipeline_spec", None)
    assert kubeflow.main([*command, "--output", str(tmp_path / "no.json")]) == 2
    assert "expected the package kfp-pipeline-spec, got none" in capsys.readouterr().err
