import math
from pathlib import Path

import pytest

from pipeline.models.history import read_history
from pipeline.workspace import Workspace
from schema.errors import InputError


def read(recorded, pipeline=None):
    return read_history(recorded.workspace, pipeline)


def test_a_model_is_read_with_data_recipe_and_lineage(recorded):
    model = recorded.train()
    [read_model] = read(recorded).models
    assert read_model.model_id == model.id
    assert read_model.folder == Path(model.uri) / "Format-Serving"
    assert read_model.run == "sample-lines-run"
    recipe = read_model.recipe
    assert (recipe.dataset, recipe.task, recipe.network) == ("sample", "lines", "lstm_ctc")
    assert (recipe.code, recipe.seed, recipe.train_steps) == ("c0de", 7, 40)
    assert recipe.hyperparameters == {"dropout": 0.2}
    [source] = read_model.data
    assert (source.source, source.span, source.version) == ("span 3 version 1", "3", "1")
    assert source.fingerprint == "sum_checksum:77"
    assert source.splits == {"train": 40, "test": 4}
    assert [entry.type_name for entry in read_model.lineage] == ["Examples", "Examples", "Model"]
    assert read_model.lineage[1].inputs == (source.artifact_id,)
    assert [entry.producer for entry in read_model.lineage] == [
        "LineExampleGen",
        "Transform",
        "Trainer",
    ]


def test_models_come_newest_first_and_once(recorded):
    first, second = recorded.train(), recorded.train()
    recorded.execute("Trainer", {}, {"model": first})  # found in the cache
    assert [model.model_id for model in read(recorded).models] == [second.id, first.id]


def test_a_model_that_training_began_with_is_not_one_of_ours(recorded):
    recorded.execute("base_model", {}, {"result": recorded.artifact("Model")})
    assert read(recorded).models == ()


def test_the_last_word_on_a_model_counts(recorded, verdict):
    first, model = recorded.train(), recorded.train()
    recorded.judge(model, blessed=True)
    recorded.judge(model, False, verdict.reason, baseline=first, verdict=verdict)
    recorded.validate(model, blessed=False, reason="no signature")
    recorded.validate(model, blessed=True)
    read_model, unjudged = read(recorded).models
    judgement = read_model.judgement
    assert not judgement.blessed
    assert judgement.reason == verdict.reason
    assert judgement.baseline_id == first.id
    assert judgement.decisive.candidate.value == 0.09
    assert judgement.decisive.change.upper == pytest.approx(0.04)
    _, wer = judgement.metrics  # on all examples together
    assert math.isnan(wer.candidate.value)
    assert wer.baseline is None
    assert read_model.infra.passed
    assert read_model.refusal == f"the gate refused it ({verdict.reason})"
    assert unjudged.judgement is None
    assert unjudged.refusal == "it was not judged here"


def test_a_run_that_kept_no_figures_is_read(recorded):
    model = recorded.train()
    recorded.judge(model)
    [read_model] = read(recorded).models
    assert read_model.judgement.blessed
    assert read_model.judgement.decisive is None
    assert read_model.refusal is None


def test_models_are_found_by_id_and_by_version(recorded):
    first, second = recorded.train(), recorded.train()
    version = recorded.push(first)
    history = read(recorded)
    assert history.find(str(second.id)).model_id == second.id
    assert history.find(str(version)).model_id == first.id
    for text in ("0", "-1", "latest", "", f"0{first.id}", str(second.id + 1)):
        with pytest.raises(InputError, match=r"which is neither: the ids are \d+, \d+"):
            history.find(text)


def test_an_id_that_is_a_version_as_well_is_ambiguous(recorded):
    first, second = recorded.train(), recorded.train()
    recorded.push(first, version=second.id)
    with pytest.raises(InputError, match="which is both"):
        read(recorded).find(str(second.id))


def test_one_of_several_pipelines_must_be_named(recorded, record_another):
    recorded.train()
    other = record_another("iam-lines")
    model = other.train()
    with pytest.raises(InputError, match="got none: the workspace has iam-lines, sample-lines"):
        read(recorded)
    with pytest.raises(InputError, match="got lines: the workspace has iam-lines, sample-lines"):
        read(recorded, "lines")
    assert [each.model_id for each in read(recorded, "iam-lines").models] == [model.id]
    with pytest.raises(InputError, match="which is neither"):
        read(recorded, "sample-lines").find(str(model.id))


def test_a_workspace_that_was_moved_keeps_its_history(recorded, tmp_path):
    model = recorded.train()
    version = recorded.push(model)
    moved = Workspace(recorded.folder.rename(tmp_path / "elsewhere"))
    history = read_history(moved, None)
    assert history.serving_version == version
    assert history.serving.model_id == model.id
    assert history.files_of(history.models[0]) == moved.pushed / "sample-lines" / str(version)


def test_what_an_older_pipeline_did_not_keep_stays_empty(recorded):
    model = recorded.artifact("Model")
    recorded.execute(
        "Trainer", {}, {"model": model}, custom_config="{}", train_args='{"num_steps": 40}'
    )
    [read_model] = read(recorded).models
    assert (read_model.recipe.network, read_model.recipe.hyperparameters) == ("", {})
    assert read_model.data == ()


def test_the_recipe_is_what_a_search_found(recorded):
    recorded.train(search={"hyperparameters": {"dropout": 0.3}, "train_steps": 80})
    [model] = read_history(recorded.workspace, None).models
    assert (model.recipe.hyperparameters, model.recipe.train_steps) == ({"dropout": 0.3}, 80)
    assert "HyperParameters" in [entry.type_name for entry in model.lineage]
