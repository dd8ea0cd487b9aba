import csv
import io
import json

import pytest
from PIL import Image

from trainer_module.tuning.outcome import conclude, summarise_runs
from trainer_module.tuning.progress import describe_trial
from trainer_module.tuning.records import COMPLETED, FAILED, UNFINISHED, read_trials
from trainer_module.tuning.study import LISTED, RUN, write_study

from .conftest import base_run


def test_trials_are_read_in_the_order_in_which_they_began(searched):
    trials = read_trials(searched)
    assert [trial.trial_id for trial in trials] == ["0", "1", "2", "10"]
    assert [trial.state for trial in trials] == [COMPLETED, COMPLETED, FAILED, UNFINISHED]
    assert [trial.error for trial in trials] == [0.5, 0.3, None, 0.7]
    assert trials[0].seconds == 3 * 2.0
    assert trials[2].reason == "expected a finite loss"


def test_the_best_is_told_beside_what_the_search_began_with(searched):
    told = conclude(searched).as_json()
    assert (told["completed"], told["failed"], told["unfinished"]) == (2, 1, 1)
    assert told["best"]["trial"] == "1"
    assert told["best"]["validation_error"] == 0.3
    assert told["defaults"]["validation_error"] == 0.5
    assert "--set learning_rate=0.01" in told["set"]
    assert "--set lstm_units=8,8" in told["set"]
    assert told["hyperparameters"]["lstm_units"] == (8, 8)


def test_files_tell_of_every_trial(searched):
    conclude(searched)
    told = json.loads((searched / "trials.json").read_text())
    assert len(told["trials"]) == 4
    assert told["trials"][1]["curve"][0]["validation_error"] == 0.4
    rows = list(csv.DictReader(io.StringIO((searched / "trials.csv").read_text())))
    assert [row["state"] for row in rows] == ["completed", "completed", "failed", "unfinished"]
    assert rows[1]["lstm_units"] == "8,8"
    with Image.open(searched / "search.png") as picture:
        assert min(picture.size) > 200


def test_a_search_without_any_trial_can_be_told(make_study, tmp_path):
    write_study(make_study(), tmp_path)
    told = conclude(tmp_path).as_json()
    assert told["best"] is None
    assert told["hyperparameters"] is None


def test_a_line_tells_of_each_trial(searched):
    lines = [describe_trial(trial, "CER") for trial in read_trials(searched)]
    assert lines[1].startswith("trial 1: CER 30.00% after 2 epochs, 4 s; learning_rate=0.01")
    assert lines[2].startswith("trial 2 failed: expected a finite loss (")


def test_runs_that_differ_in_their_seed_are_one_row(make_study, write_trial, tmp_path):
    import dataclasses

    runs = tuple(
        dataclasses.replace(base_run(), seed=seed, name=f"{units}", changes=changes)
        for units in (8, 16)
        for seed in (0, 1)
        for changes in [{"lstm_units": str(units), "seed": seed}]
    )
    write_study(make_study(algorithm=LISTED, space={}, runs=runs), tmp_path)
    for number, errors in enumerate(((0.5,), (0.3,), (0.2,))):
        write_trial(tmp_path, number, {RUN: number}, errors)
    write_trial(tmp_path, 3, {RUN: 3}, (), "FAILED", "why")
    rows = summarise_runs(conclude(tmp_path))
    assert [row["changes"] for row in rows] == [{"lstm_units": "16"}, {"lstm_units": "8"}]
    assert [row["error"] for row in rows] == [0.2, pytest.approx(0.4)]
    assert rows[1]["deviation"] == pytest.approx(0.1 * 2**0.5)  # of 0.5 and 0.3, n - 1
    assert (rows[0]["completed"], rows[0]["failed"]) == (1, 1)
