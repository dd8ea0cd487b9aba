import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.arguments import make_config, make_parser
from schema.errors import InputError


def config_of(*arguments):
    return make_config(make_parser("runner", "").parse_args(list(arguments)))


def test_nothing_given_is_the_sample_under_the_workspace():
    config = config_of()
    assert config.dataset == "sample"
    assert config.synthetic
    assert config.workspace == Path.cwd() / "workspace"
    assert config.data_dir.is_relative_to(config.workspace)


def test_real_data_is_not_called_synthetic(tmp_path):
    assert not config_of("--dataset", "emnist", "--data-dir", str(tmp_path)).synthetic


def test_emnist_without_a_folder_lies_in_the_workspace():
    config = config_of("--dataset", "emnist", "--workspace", "/somewhere")
    assert config.data_dir == Path("/somewhere/data/emnist")


def test_data_of_a_bucket_is_read_from_a_mirror_of_its_own(tmp_path):
    workspace = ("--workspace", str(tmp_path))
    folders = {
        config_of("--dataset", "folder", "--data-dir", place, *workspace).data_dir
        for place in ("s3://bucket/a", "s3://bucket/b/a", "gs://bucket/a")
    }
    assert len(folders) == 3
    assert all(folder.is_relative_to(tmp_path / "fetched") for folder in folders)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dataset", ["iam", "pages", "labeled", "folder"])
def test_sources_of_the_users_own_want_a_folder(dataset):
    with pytest.raises(InputError, match=f"--data-dir FOLDER with --dataset {dataset}"):
        config_of("--dataset", dataset)


def test_real_lines_take_no_corpus(tmp_path):
    with pytest.raises(InputError, match="no --corpus"):
        config_of("--dataset", "pages", "--data-dir", str(tmp_path), "--corpus", "text.txt")


def test_glyphs_decide_their_alphabet():
    with pytest.raises(InputError, match="no --alphabet"):
        config_of("--alphabet", "data")


def test_settings_are_those_of_the_dataset(tmp_path):
    folder = ("--data-dir", str(tmp_path))
    config = config_of("--dataset", "pages", *folder, "--set", "line_types=a,b")
    assert config.data.line_types == "a,b"
    with pytest.raises(InputError, match="known key"):
        config_of("--dataset", "pages", *folder, "--set", "train_lines=3")


@given(st.floats(0.0, 0.9), st.integers(1, 10**6))
def test_set_reaches_its_part_of_the_configuration(dropout, lines):
    config = config_of("--set", f"dropout={dropout!r}", "--set", f"train_lines={lines}")
    assert config.hyperparameters.dropout == dropout
    assert config.data.train_lines == lines


def test_a_task_has_networks_data_and_gate_of_its_own():
    config = config_of("--task", "characters", "--network", "mlp", "--set", "balance=true")
    assert config.network == "mlp"
    assert config.pipeline_name == "sample-characters"
    assert config.data.balance
    assert set(config.gate.bounds()) == {"accuracy"}
    assert config_of("--network", "line_cnn").network == "line_cnn"


def test_tuples_are_set_with_commas():
    assert config_of("--set", "lstm_units=64,32").hyperparameters.lstm_units == (64, 32)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--task", "characters", "--network", "lstm_ctc"), "network of lenet, mlp"),
        (("--task", "characters", "--dataset", "pages"), "data set of sample, emnist"),
        (("--task", "characters", "--corpus", "text.txt"), "no --corpus"),
        (("--task", "characters", "--set", "balance=yes"), "balance=true.false, got"),
        (("--warm-start", "/nowhere/model"), "name the folder of a pushed model"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, complaint):
    with pytest.raises(InputError, match=complaint):
        config_of(*arguments)


def test_set_reaches_gate_synthesis_and_augmentation():
    config = config_of("--set", "max_cer=0.1", "--set", "max_overlap=0.2", "--set", "shear=0.3")
    assert config.augmentation.shear == 0.3
    assert config.gate.max_cer == 0.1
    assert config.synthesis.max_overlap == 0.2


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("nothing=1", "known key"),
        ("dropout", "known key"),
        ("dropout=much", "--set dropout=float, got 'much'"),
        ("batch_size=1.5", "batch_size=int, got"),
        ("dropout=2", "0 <= dropout < 1"),
        ("max_cer=-1", "max_cer >= 0"),
        ("confidence_level=95", "0 < confidence_level < 1"),
        ("resamples=10", "resamples >= 100"),
        ("broken_baseline=ignore", "broken_baseline to be refuse or absolute, got 'ignore'"),
        ("slice_limits=writer", "slice_limits=feature=value:limit,..., got 'writer'"),
        ("slice_limits=writer=w3:low", "slice_limits=feature=value:limit,..., got"),
        ("slice_limits=page=3:0.1", "slice_limits of vocabulary, source, writer, .* got page"),
    ],
)
def test_bad_settings_are_refused_in_one_line(setting, complaint):
    with pytest.raises(InputError, match=complaint) as error:
        config_of("--set", setting)
    assert "\n" not in str(error.value)


def test_bad_usage_exits_with_2_and_one_line(capsys):
    with pytest.raises(SystemExit) as exit_info:
        config_of("--dataset", "unheard-of")
    assert exit_info.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_another_batch_size_sees_as_many_examples():
    steps = [config_of("--set", f"batch_size={size}").train_steps for size in (8, 32, 20_000)]
    assert steps == [2000, 500, 1]
    assert config_of("--set", "batch_size=32", "--train-steps", "7").train_steps == 7


def test_train_steps_must_be_positive():
    with pytest.raises(InputError, match="train_steps >= 1"):
        config_of("--train-steps", "0")


def test_paths_are_absolute():
    with pytest.raises(InputError, match="absolute"):
        dataclasses.replace(config_of(), workspace=Path("here"))


def test_the_detector_has_options_of_its_own(tmp_path):
    arguments = ("--task", "detector", "--dataset", "pages", "--data-dir", str(tmp_path))
    config = config_of(*arguments, "--set", "ignored_line_types=a,b", "--seed", "3")
    assert config.data.ignored == {"a", "b"}
    assert config.data.seed == 3
    assert config.network == "fcn"
    assert config.pipeline_name == "pages-detector"
    with pytest.raises(InputError, match="no --alphabet"):
        config_of(*arguments, "--alphabet", "data")
    with pytest.raises(InputError, match="data set of sample, pages, iam"):
        config_of("--task", "detector", "--dataset", "emnist")


def test_training_begins_with_the_newest_version_that_has_weights(tmp_path):
    for version in ("7", "12"):
        extra = tmp_path / version / "assets.extra"
        extra.mkdir(parents=True)
        (tmp_path / version / "saved_model.pb").touch()
        (extra / "network.weights.h5").touch()
    assert config_of("--warm-start", str(tmp_path)).warm_start == tmp_path / "12"
    (tmp_path / "12" / "assets.extra" / "network.weights.h5").unlink()
    with pytest.raises(InputError, match="with its weights"):
        config_of("--warm-start", str(tmp_path))


def test_a_search_varies_all_but_what_is_set():
    search = config_of("--tune", "--set", "dropout=0.1", "--parallel", "2").search
    assert search.algorithm == "hyperband"
    assert "learning_rate" in search.space
    assert "dropout" not in search.space
    assert search.limits.parallel == 2
    assert config_of("--tune", "random", "--trials", "3").search.limits.trials == 3
    assert config_of().search is None


@pytest.mark.parametrize("task", ["lines", "characters", "detector"])
def test_every_task_can_be_searched(task):
    assert config_of("--task", task, "--tune").search.space


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--trials", "3"), "only with --tune"),
        (("--parallel", "2"), "only with --tune"),
        (("--tune", "--minutes", "0"), "--minutes above 0"),
        (("--tune", "--space", "/nowhere.toml"), "expected a TOML file, got /nowhere.toml"),
    ],
)
def test_searches_that_cannot_be_are_refused(arguments, complaint):
    with pytest.raises(InputError, match=complaint):
        config_of(*arguments)


def test_a_space_that_contradicts_the_settings_is_refused(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text("dropout = [0.1, 0.2]\n")
    assert list(config_of("--tune", "--space", str(path)).search.space) == ["dropout"]
    with pytest.raises(InputError, match="dropout either fixed by --set or varied"):
        config_of("--tune", "--space", str(path), "--set", "dropout=0.3")
    path.write_text("filters = [64, 128]\n")
    with pytest.raises(InputError, match="hyperparameters of lstm_ctc in the search space"):
        config_of("--tune", "--space", str(path))
