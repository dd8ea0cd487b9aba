import json

import pytest
from keras_tuner.engine.trial import Trial
from keras_tuner.src.backend import io

from trainer_module.hyperparameters.space import Choice, Range
from trainer_module.tuning.oracles import (
    OBJECTIVE,
    Extent,
    Hyperband,
    make_oracle,
    set_extent,
)
from trainer_module.tuning.study import ALGORITHMS, HYPERBAND, LISTED, RANDOM, RUN


@pytest.fixture
def open_oracle(tmp_path):
    """Makes an oracle over a folder, as a session of the search does."""

    def open_(study, extent):
        oracle = make_oracle(study, extent)
        oracle._set_project_dir(str(tmp_path), "search")
        if (tmp_path / "search" / "oracle.json").exists():
            oracle.reload()
        set_extent(oracle, extent)
        return oracle

    return open_


def end(oracle, trial, error, status="COMPLETED"):
    """Ends a trial as a worker does, over Keras Tuner's RPC."""
    if error is not None:
        oracle.update_trial(trial.trial_id, {OBJECTIVE: error})
    told = Trial.from_proto(trial.to_proto())
    told.status = status
    oracle.end_trial(told)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_first_trial_has_the_defaults(make_study, open_oracle, algorithm):
    oracle = open_oracle(make_study(algorithm=algorithm), Extent(9, 4))
    values = oracle.create_trial("worker1").hyperparameters.values
    assert {name: values[name] for name in ("learning_rate", "batch_size", "lstm_units")} == {
        "learning_rate": 0.02,
        "batch_size": 8,
        "lstm_units": "16",
    }


def test_without_the_defaults_in_the_space_all_trials_are_drawn(make_study, open_oracle):
    study = make_study(space={"batch_size": Choice((2, 4))})
    trial = open_oracle(study, Extent(9, 4)).create_trial("worker1")
    assert trial.hyperparameters.values["batch_size"] in (2, 4)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_value_lies_in_the_space_and_survives_the_rpc(make_study, open_oracle, algorithm):
    study = make_study(algorithm=algorithm)
    oracle = open_oracle(study, Extent(9, 12))
    for number in range(12):
        trial = oracle.create_trial("worker1")
        run = study.run_of(Trial.from_proto(trial.to_proto()).hyperparameters.values)
        assert 0.005 <= run.record.learning_rate <= 0.05
        assert run.record.batch_size in (4, 8, 16)
        end(oracle, trial, 0.5 - number / 100)
        assert study.run_of(oracle.trials[trial.trial_id].hyperparameters.values) == run
    assert oracle.create_trial("worker1").status == "STOPPED"


def test_the_same_seed_draws_the_same_values(make_study, tmp_path):
    drawn = []
    for name in ("first", "second"):
        oracle = make_oracle(make_study(), Extent(9, 4))
        oracle._set_project_dir(str(tmp_path), name)
        for worker in ("a", "b", "c"):
            drawn.append(oracle.create_trial(worker).hyperparameters.values)
    assert drawn[:3] == drawn[3:]


def test_a_trial_whose_worker_was_killed_is_given_to_the_next(make_study, open_oracle):
    oracle = open_oracle(make_study(), Extent(9, 4))
    lost, other = oracle.create_trial("worker1"), oracle.create_trial("worker2")
    again = oracle.create_trial("worker1")
    assert (again.trial_id, other.trial_id) == (lost.trial_id, "1")


def test_a_killed_session_gives_its_trials_out_again_first(make_study, open_oracle):
    before = open_oracle(make_study(), Extent(9, 4))
    begun = [before.create_trial(name) for name in ("worker1", "worker2")]
    end(before, before.create_trial("worker3"), 0.5)
    after = open_oracle(make_study(), Extent(9, 4))
    again = [after.create_trial(name) for name in ("worker1", "worker2", "worker3")]
    assert {trial.trial_id for trial in begun} == {trial.trial_id for trial in again[:2]}
    assert again[2].trial_id == "3"
    values = {trial.trial_id: trial.hyperparameters.values for trial in begun}
    assert all(values[trial.trial_id] == trial.hyperparameters.values for trial in again[:2])


@pytest.mark.parametrize("lost_saves", [1, 2])
def test_a_chief_killed_while_a_trial_ends_neither_loses_nor_repeats_it(
    make_study, open_oracle, monkeypatch, lost_saves
):
    before = open_oracle(make_study(), Extent(9, 2))
    trial = before.create_trial("worker1")
    save, calls = before.save, []

    def save_until_killed():
        calls.append(1)
        if len(calls) > 2 - lost_saves:
            return  # killed: what was to be written is not
        save()

    monkeypatch.setattr(before, "save", save_until_killed)
    end(before, trial, 0.5)
    after = open_oracle(make_study(), Extent(9, 2))
    assert after.end_order == ["0"]
    assert after.create_trial("worker1").trial_id == "1"
    assert after.get_best_trials()[0].score == 0.5


def test_a_chief_killed_while_a_trial_begins_has_its_number_free(
    make_study, open_oracle, monkeypatch
):
    before = open_oracle(make_study(), Extent(9, 2))
    before.save()
    monkeypatch.setattr(before, "save", lambda: None)
    before.create_trial("worker1")
    after = open_oracle(make_study(), Extent(9, 2))
    assert [after.create_trial("worker1").trial_id, after.create_trial("w2").trial_id] == ["0", "1"]


def test_failed_and_nan_trials_are_recorded_and_skipped(make_study, open_oracle):
    oracle = open_oracle(make_study(), Extent(9, 6))
    for error, status in ((None, "FAILED"), (float("nan"), "COMPLETED"), (None, "FAILED")) * 2:
        end(oracle, oracle.create_trial("worker1"), error, status)
    assert {trial.status for trial in oracle.trials.values()} == {"FAILED"}
    assert oracle.end_order == [str(number) for number in range(6)]
    assert oracle.create_trial("worker1").status == "STOPPED"


def test_a_search_may_go_further_than_it_was_to(make_study, open_oracle):
    oracle = open_oracle(make_study(), Extent(9, 1))
    end(oracle, oracle.create_trial("worker1"), 0.5)
    assert oracle.is_done(1)
    assert oracle.create_trial("worker1").status == "STOPPED"
    more = open_oracle(make_study(), Extent(9, 2))
    assert not more.is_done(2)
    assert more.create_trial("worker1").status == "RUNNING"


def test_hyperband_halves_and_counts_its_trials(make_study, open_oracle):
    study = make_study(algorithm=HYPERBAND)
    oracle = open_oracle(study, Extent(9))
    epochs, number = [], 0
    while (trial := oracle.create_trial("worker1")).status == "RUNNING":
        values = trial.hyperparameters.values
        epochs.append(values["tuner/epochs"])
        if "tuner/trial_id" in values:
            parent = oracle.trials[values["tuner/trial_id"]]
            assert study.run_of(values) == study.run_of(parent.hyperparameters.values)
        end(oracle, trial, 0.9 - number / 100)
        number += 1
    assert isinstance(oracle, Hyperband)
    assert number == oracle.count_trials()
    assert (min(epochs), max(epochs)) == (1, 9)
    assert epochs.count(1) > epochs.count(9) / 2


def test_a_round_of_hyperband_goes_on_past_failures(make_study, open_oracle):
    oracle = open_oracle(make_study(algorithm=HYPERBAND), Extent(9))
    number = 0
    while (trial := oracle.create_trial("worker1")).status == "RUNNING":
        end(oracle, trial, None if number % 3 else 0.5, "FAILED" if number % 3 else "COMPLETED")
        number += 1
        assert number < 100
    assert trial.status == "STOPPED"


def test_a_list_is_gone_through_once(make_study, open_oracle):
    study = make_study(algorithm=LISTED, space={}, runs=(make_study().base,) * 3)
    oracle = open_oracle(study, Extent(1, 3))
    seen = [oracle.create_trial(f"w{n}").hyperparameters.values[RUN] for n in range(3)]
    assert seen == [0, 1, 2]
    assert oracle.create_trial("w3").status == "STOPPED"


@pytest.mark.parametrize("backwards", [False, True])
def test_failed_runs_of_a_list_are_tried_once_more_in_each_session(
    make_study, open_oracle, monkeypatch, backwards
):
    # A folder is listed in an order of the filesystem's choice; runs are given out in theirs.
    glob = io.glob
    monkeypatch.setattr(io, "glob", lambda pattern: sorted(glob(pattern), reverse=backwards))
    study = make_study(algorithm=LISTED, space={}, runs=(make_study().base,) * 3)
    oracle = open_oracle(study, Extent(1, 3))
    for status in ("FAILED", "COMPLETED", "FAILED"):
        error = 0.5 if status == "COMPLETED" else None
        end(oracle, oracle.create_trial("w1"), error, status)
    assert oracle.create_trial("w1").status == "STOPPED"
    again = open_oracle(study, Extent(1, 3))
    again.retry_failed()
    assert not again.is_done(3)
    assert again.create_trial("w1").trial_id == "0"
    # Killed before the other was given out: it is tried in the session after.
    third = open_oracle(study, Extent(1, 3))
    third.retry_failed()
    trials = [third.create_trial(f"w{number}") for number in range(2)]
    assert sorted(trial.trial_id for trial in trials) == ["0", "2"]
    for trial in trials:
        end(third, trial, 0.4)
    assert third.create_trial("w1").status == "STOPPED"
    assert sorted(third.end_order) == ["0", "1", "2"]
    assert {trial.status for trial in third.trials.values()} == {"COMPLETED"}


def test_a_space_that_is_used_up_ends_the_search(make_study, open_oracle):
    study = make_study(space={"batch_size": Choice((4, 8))}, algorithm=RANDOM)
    oracle = open_oracle(study, Extent(9, 10))
    trials = [oracle.create_trial(f"w{number}") for number in range(3)]
    assert [trial.status for trial in trials] == ["RUNNING", "RUNNING", "STOPPED"]


def test_a_full_disk_is_noted(make_study, open_oracle, monkeypatch):
    oracle = open_oracle(make_study(), Extent(9, 4))

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trainer_module.tuning.oracles.write_whole", full)
    with pytest.raises(OSError, match="No space"):
        oracle.create_trial("worker1")
    assert oracle.trouble.strerror == "No space left on device"


def test_whole_ranges_give_whole_numbers(make_study, open_oracle):
    study = make_study(space={"batch_size": Range(4, 64, log=True)})
    oracle = open_oracle(study, Extent(9, 5))
    for _ in range(5):
        trial = oracle.create_trial("worker1")
        assert isinstance(study.run_of(trial.hyperparameters.values).record.batch_size, int)
        end(oracle, trial, 0.5)


def test_equal_searches_are_written_alike(make_study, open_oracle, tmp_path):
    first = open_oracle(make_study(), Extent(9, 8))
    for number in range(8):
        end(first, first.create_trial("worker1"), 0.5 + number / 100)
    state = first.get_state()
    assert state["tried_so_far"] == sorted(state["tried_so_far"])
    assert len(state["tried_so_far"]) == 8
    assert open_oracle(make_study(), Extent(9, 8)).get_state() == state


def test_what_is_written_is_whole(make_study, open_oracle, tmp_path):
    open_oracle(make_study(), Extent(9, 4)).create_trial("worker1")
    for path in (tmp_path / "search").rglob("*.json"):
        json.loads(path.read_text())
    assert not list((tmp_path / "search").rglob("*.tmp"))
