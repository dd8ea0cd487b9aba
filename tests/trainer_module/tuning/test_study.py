import dataclasses

import pytest

from schema.errors import InputError
from trainer_module.hyperparameters import NETWORKS
from trainer_module.tuning.study import (
    RUN,
    Study,
    read_study,
    scale_steps,
    space_as_json,
    space_from_json,
    write_study,
)


def test_a_study_is_read_back_as_it_was_written(make_study, tmp_path):
    study = make_study()
    write_study(study, tmp_path / "new")
    assert read_study(tmp_path / "new") == study
    assert read_study(tmp_path / "new").study_id == study.study_id


@pytest.mark.parametrize("network", NETWORKS)
def test_every_space_survives_json(network):
    space = dict(NETWORKS[network].space)
    assert space_from_json(space_as_json(space)) == space


def test_whatever_decides_the_trials_makes_another_study(make_study):
    study = make_study()
    others = [
        make_study(algorithm="bayesian"),
        make_study(files=(("other/*",), ("validation/*",))),
        make_study(code="1"),
        dataclasses.replace(study, base=dataclasses.replace(study.base, seed=4)),
        dataclasses.replace(study, space={"batch_size": study.space["batch_size"]}),
    ]
    assert len({each.study_id for each in (study, *others)}) == 6


def test_a_trial_is_the_base_with_its_values(make_study):
    run = make_study().run_of(
        {"learning_rate": 0.009999999776482582, "lstm_units": "8,8", "tuner/epochs": 3}
    )
    assert run.record.learning_rate == 0.01
    assert run.record.lstm_units == (8, 8)
    assert run.changes == {"learning_rate": 0.01, "lstm_units": "8,8"}
    assert run.record.batch_size == make_study().base.record.batch_size


def test_another_batch_size_sees_as_many_examples(make_study):
    assert make_study().run_of({"batch_size": 4}).train_steps == 80
    assert make_study().run_of({"batch_size": 16}).train_steps == 20
    record = make_study().base.record
    assert scale_steps(1, record, dataclasses.replace(record, batch_size=1000)) == 1


def test_a_trial_of_a_sweep_is_its_run(make_study):
    runs = tuple(dataclasses.replace(make_study().base, seed=seed) for seed in range(3))
    assert make_study(runs=runs).run_of({RUN: 2}).seed == 2


def test_the_folder_of_another_study_is_left_alone(make_study, tmp_path):
    write_study(make_study(), tmp_path)
    with pytest.raises(InputError, match="with another one"):
        write_study(make_study(code="1"), tmp_path)
    assert read_study(tmp_path) == make_study()


@pytest.mark.parametrize("content", [None, "{}", "no json"])
def test_a_folder_without_a_search_is_told(tmp_path, content):
    if content is not None:
        (tmp_path / "study.json").write_text(content)
    with pytest.raises(InputError, match=r"expected a search with its study.json"):
        read_study(tmp_path)


def test_the_study_does_not_see_a_test_split():
    assert not [field.name for field in dataclasses.fields(Study) if "test" in field.name], (
        "a search that sees test data makes every later figure worthless"
    )
