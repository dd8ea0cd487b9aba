import json

import pytest

from schema.errors import InputError
from trainer_module.hyperparameters.space import Choice, Range
from trainer_module.tuning.experiments import read_experiments
from trainer_module.tuning.from_model import read_card
from trainer_module.tuning.typed_file import read_space

from .conftest import base_run


@pytest.fixture
def model(tmp_path):
    """What a pushed model tells of its training."""
    base = base_run()
    for split in ("train", "validation"):
        (tmp_path / split).mkdir()
        (tmp_path / split / "lines.gz").write_bytes(b"")
    card = {
        "task": "lines",
        "alphabet": "abcd",
        "dataset": "bars",
        "train_examples": [str(tmp_path / "train" / "*")],
        "validation_examples": [str(tmp_path / "validation" / "*")],
        "warm_start": None,
        "network": base.network,
        "hyperparameters": base.hyperparameters,
        "variation": base.variation,
        "seed": base.seed,
        "train_steps": base.train_steps,
    }
    folder = tmp_path / "models" / "1"
    (folder / "assets.extra").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"")
    (folder / "assets.extra" / "network.weights.h5").write_bytes(b"")
    (folder / "assets.extra" / "model_card.json").write_text(json.dumps(card))
    return folder


@pytest.fixture
def write(model, tmp_path):
    def write(text, head='model = "models"\n'):
        path = tmp_path / "sweep.toml"
        path.write_text(head + text)
        return path

    return write


def test_a_model_tells_what_it_was_trained_on(model):
    data, run = read_card(model.parent)
    assert data.validation_files == (str(model.parents[1] / "validation" / "*"),)
    assert run == base_run()


def test_a_grid_is_every_combination_with_every_seed(write):
    study = read_experiments(
        write(
            "seeds = [0, 1]\n[set]\ntrain_steps = 7\n[grid]\ndropout = [0, 0.2]\nlstm_units = "
            "[[8], [8, 8]]\n"
        )
    )
    assert len(study.runs) == 8
    assert {run.train_steps for run in study.runs} == {7}
    assert {run.record.dropout for run in study.runs} == {0.0, 0.2}
    assert study.runs[-1].record.lstm_units == (8, 8)
    assert study.runs[-1].name == "train_steps=7, dropout=0.2, lstm_units=8,8, seed=1"


def test_a_list_names_its_runs(write):
    study = read_experiments(
        write(
            '[[run]]\nname = "a"\nbatch_size = 16\n[[run]]\nname = "b"\nnetwork = "line_cnn"\n'
            "baseline_drift = 2.0\n"
        )
    )
    assert [run.name for run in study.runs] == ["a", "b"]
    assert study.runs[0].train_steps == 20  # as many examples as 40 steps of 8
    assert study.runs[1].record.stem == base_run().record.stem
    assert study.runs[1].variation["synthesis"]["baseline_drift"] == 2.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"\[grid\] or \[\[run\]\]"),
        ("gird = 1\n", "with only model, seeds, set, grid, run, got gird"),
        ("[grid]\ndropuot = [0.1]\n", "settings of network, .*got dropuot"),
        ("[grid]\ndropout = 0.1\n", r"dropout = \[value, ...\]"),
        ("[grid]\ndropout = [true]\n", "dropout: expected float, got True"),
        ("[grid]\ndropout = [1.5]\n", "0 <= dropout < 1, got 1.5"),
        ("[grid]\nlstm_units = [160]\n", "lstm_units: expected"),
        ("[grid]\nnetwork = ['lstm']\n", "a network of .*got 'lstm'"),
        ("[[run]]\ntrain_steps = 0\n", "whole number for train_steps"),
        ("[[run]]\n[[run]]\n", "runs that differ"),
        ("seeds = []\n[[run]]\n", "seeds = "),
        ("[grid\n", "expected TOML in"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_in_one_line(write, text, told):
    with pytest.raises(InputError, match=told) as caught:
        read_experiments(write(text))
    assert "\n" not in str(caught.value)


def test_a_file_without_a_model_is_told(write):
    with pytest.raises(InputError, match=r'model = "FOLDER"'):
        read_experiments(write("[[run]]\n", head=""))


def test_examples_that_are_gone_are_told(model, write):
    (model.parents[1] / "validation" / "lines.gz").unlink()
    with pytest.raises(InputError, match=r"expected the examples that .* got none at .*validation"):
        read_experiments(write("[[run]]\n"))


def test_a_card_of_before_is_told(model):
    path = model / "assets.extra" / "model_card.json"
    card = json.loads(path.read_text())
    del card["variation"]
    path.write_text(json.dumps(card))
    with pytest.raises(InputError, match="variation"):
        read_card(model)


def test_a_space_is_read(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text(
        "learning_rate = {low = 1e-3, high = 1e-2, log = true}\nlstm_units = [[8], [8, 8]]\n"
    )
    assert read_space(path) == {
        "learning_rate": Range(1e-3, 1e-2, log=True),
        "lstm_units": Choice(((8,), (8, 8))),
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dropout = 0.1\n", r"\[value, value, ...\] or"),
        ("dropout = {low = 0.5, high = 0.1}\n", "dropout: .*low < high"),
        ("dropout = {low = 0.0, high = 0.1, log = true}\n", "dropout: .*low > 0"),
        ("dropout = {low = 0.0, top = 0.1}\n", "only high, log, low, got top"),
        ("dropout = [0.1, 0.1]\n", "all different"),
    ],
)
def test_a_space_that_contradicts_itself_is_told(tmp_path, text, told):
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        read_space(path)
