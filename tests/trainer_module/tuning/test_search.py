"""Searches with real workers: each is a process that imports TensorFlow, so there are few."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras_tuner
import pytest
import tensorflow as tf
from keras_tuner import errors
from keras_tuner.engine.trial import Trial

from schema.alphabet import Alphabet
from schema.errors import InputError
from trainer_module.hyperparameters.space import Choice
from trainer_module.tasks.lines import LinesTask
from trainer_module.tracking.choice import TrackingChoice
from trainer_module.train import train
from trainer_module.training_state import TrainingState
from trainer_module.tuning.folder import trial_folder
from trainer_module.tuning.no_room import is_no_room
from trainer_module.tuning.options import Limits
from trainer_module.tuning.oracles import OBJECTIVE
from trainer_module.tuning.records import COMPLETED, FAILED, read_trials
from trainer_module.tuning.search import Search, find_extent
from trainer_module.tuning.study import HYPERBAND, LISTED, RANDOM
from trainer_module.tuning.trial_runner import TrialRunner, describe_trial_run, train_run

ROOT = Path(__file__).resolve().parents[3]
DEADLINE_SECONDS = 300


@pytest.fixture(scope="module")
def files(write_lines, random_texts):
    return write_lines(random_texts[:100]), write_lines(random_texts[100:])


@pytest.mark.slow
def test_a_trial_is_the_very_training_of_the_trainer(make_study, files, tmp_path):
    study = make_study(files)
    run = dataclasses.replace(study.base, train_steps=26)
    error = train_run(study, run, tmp_path / "trial", None)
    state = TrainingState.open(tmp_path / "trainer")
    task = LinesTask(run.record, Alphabet("abcd"))
    train(task, *files, 26, run.seed, state)
    losses = [epoch.loss for epoch in TrainingState.open(tmp_path / "trial").history]
    assert losses == pytest.approx([epoch.loss for epoch in state.history], rel=1e-3)
    assert error == min(e.validation_error for e in TrainingState.open(tmp_path / "trial").history)


@pytest.mark.slow
def test_a_trial_that_stops_early_goes_on_as_if_it_had_not(make_study, files, tmp_path):
    study = make_study(files)
    run = dataclasses.replace(study.base, train_steps=39)
    train_run(study, run, tmp_path / "broken", 1)
    assert TrainingState.open(tmp_path / "broken").epochs_done == 1
    train_run(study, run, tmp_path / "broken", 3)
    train_run(study, run, tmp_path / "whole", None)
    broken, whole = (TrainingState.open(tmp_path / name).history for name in ("broken", "whole"))
    assert [e.learning_rate for e in broken] == pytest.approx([e.learning_rate for e in whole])
    assert [e.loss for e in broken] == pytest.approx([e.loss for e in whole], rel=0.02)


@pytest.mark.slow
def test_a_trial_is_tracked_and_a_failed_attempt_leaves_nothing_to_the_next(
    make_study, files, tmp_path
):
    study = make_study(files)
    tracking = TrackingChoice("tensorboard", str(tmp_path / "tracking"))
    runner = TrialRunner(study, tmp_path / "search", tracking)
    trial = Trial(keras_tuner.HyperParameters(), "7")
    trial.hyperparameters.Fixed("learning_rate", 1e30)
    with pytest.raises(errors.FailedTrialError, match="finite loss"):
        runner.run_trial(trial)
    folder = trial_folder(tmp_path / "search", "7")
    (folder / "training").mkdir(exist_ok=True)
    (folder / "training" / "state.json").write_text('{"history": [{"of": "what failed"}]}')
    assert (folder / "failure.json").exists()
    trial.hyperparameters.values["learning_rate"] = 0.02
    trial.hyperparameters.values["tuner/epochs"] = 1
    assert set(runner.run_trial(trial)) == {OBJECTIVE}
    assert not (folder / "failure.json").exists()
    assert len(TrainingState.open(folder / "training").history) == 1
    states = {
        value.tag: value.tensor.string_val
        for path in sorted((tmp_path / "tracking" / "tensorboard" / "search 7").glob("events*"))
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }
    assert {"validation/CER", "readings/0", "config", "state"} <= set(states)


def test_a_trial_is_filed_under_its_search(make_study):
    study = make_study()
    told = describe_trial_run(study, "search", "7", study.base, parent="3")
    assert (told.name, told.group, told.error_name) == ("search 7", "search", "CER")
    assert "trial 7" in told.tags
    assert told.config["went_on_from"] == "3"
    assert told.config["hyperparameters"]["dropout"] == 0.1


def test_data_that_cannot_be_trained_on_is_told_before_a_worker_starts(make_study, tmp_path):
    study = make_study(files=(("/nowhere/*",), ("/nowhere/*",)))
    with pytest.raises(InputError, match="/nowhere"):
        Search(study, tmp_path / "search", Limits())


def test_hyperband_needs_epochs_to_halve(make_study, files):
    study = make_study(files, algorithm=HYPERBAND)
    short = dataclasses.replace(study, base=dataclasses.replace(study.base, train_steps=13))
    with pytest.raises(InputError, match="at least 3 epochs to stop some early, got 1: 13 steps"):
        find_extent(short, Limits())
    assert find_extent(study, Limits()).epochs == 3
    assert not find_extent(study, Limits()).endless
    assert find_extent(study, Limits(minutes=1.0)).endless


@pytest.mark.parametrize("option", [{"trials": 0}, {"minutes": -1.0}, {"parallel": 0}])
def test_limits_are_above_nothing(option):
    with pytest.raises(InputError, match=f"--{next(iter(option))} above 0"):
        Limits(**option)


def test_an_error_of_the_disk_is_told_from_one_of_the_trial():
    assert is_no_room(OSError(28, "No space left on device"))
    assert is_no_room(OSError("Can't write data (file write failed: No space left on device)"))
    wrapped = ValueError("while saving")
    wrapped.__cause__ = OSError(122, "Disk quota exceeded")
    assert is_no_room(wrapped)
    assert not is_no_room(ValueError("NaN"))
    assert not is_no_room(OSError(2, "No such file or directory"))


@pytest.mark.slow
def test_two_workers_search_past_a_failure(make_study, files, tmp_path):
    """The wild learning rate fails; the two others end well; nothing is searched twice."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two processors")
    space = {"learning_rate": Choice((0.02, 0.01, 1e30))}
    study = make_study(files, algorithm=RANDOM, space=space)
    Search(study, tmp_path / "search", Limits(trials=3, parallel=2)).search()
    trials = read_trials(tmp_path / "search")
    assert sorted(trial.state for trial in trials) == [COMPLETED, COMPLETED, FAILED]
    [failed] = [trial for trial in trials if trial.state == FAILED]
    assert failed.run.record.learning_rate == 1e30
    assert "expected a finite loss" in failed.reason
    assert {path.name for path in (tmp_path / "search" / "logs").iterdir()} == {
        "worker1.log",
        "worker2.log",
    }
    assert not list((tmp_path / "search").rglob("*.weights.h5"))
    before = (tmp_path / "search" / "oracle.json").read_bytes()
    Search(study, tmp_path / "search", Limits(trials=3)).search()  # nothing is left to do
    assert read_trials(tmp_path / "search") == trials
    assert (tmp_path / "search" / "oracle.json").read_bytes() == before


@pytest.mark.slow
def test_without_any_trial_that_ends_well_the_search_says_why(make_study, files, tmp_path):
    study = make_study(files, space={"learning_rate": Choice((1e30, 1e29))})
    with pytest.raises(InputError, match=r"2 that failed, the first with: expected a finite loss"):
        Search(study, tmp_path / "search", Limits(trials=2)).search()


@pytest.mark.slow
def test_hyperband_goes_on_from_trials_and_leaves_no_weights(make_study, files, tmp_path):
    """Three epochs are two brackets: three trials of one epoch, of which one goes on, and two."""
    study = make_study(files, algorithm=HYPERBAND)
    Search(study, tmp_path / "search", Limits()).search()
    trials = read_trials(tmp_path / "search")
    later = [trial for trial in trials if trial.parent]
    assert later
    for trial in later:
        [parent] = [each for each in trials if each.trial_id == trial.parent]
        assert parent.curve == trial.curve[: parent.epochs]
        assert (parent.epochs, trial.epochs) == (1, 3)
    assert not list((tmp_path / "search").rglob("*.weights.h5"))


PROGRAM = """
import sys
from pathlib import Path
from trainer_module.tuning.folder import trial_folder
from trainer_module.tuning.options import Limits
from trainer_module.tuning.oracles import OBJECTIVE
from trainer_module.tuning.search import Search
from trainer_module.tuning.study import Study
study = Study.from_json(Path(sys.argv[1]).read_text())
Search(study, Path(sys.argv[2]), Limits()).search()
"""


def begin(study, folder):
    told = folder.parent / "told.json"
    told.write_text(study.to_json())
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, told, folder],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(condition, process):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def history(folder, number):
    path = folder / f"trial_{number}" / "training" / "state.json"
    return json.loads(path.read_text())["history"] if path.is_file() else []


def find_worker(folder):
    """Returns the process that trains in a folder, not its ward."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[1:4] == [b"-m", b"trainer_module.tuning.worker", str(folder).encode()]:
                return int(entry.name)
    return None


@pytest.mark.slow
def test_killed_workers_and_a_killed_search_lose_no_trial(make_study, files, tmp_path):
    """One sweep of two runs: its worker is killed in the first, the search itself in the second."""
    base = dataclasses.replace(make_study(files).base, train_steps=13 * 12)
    runs = tuple(dataclasses.replace(base, seed=seed, name=f"s{seed}") for seed in (1, 2))
    study = make_study(files, algorithm=LISTED, space={}, runs=runs)
    folder = tmp_path / "sweep"
    first = begin(study, folder)
    wait_until(lambda: len(history(folder, 0)) >= 2, first)
    os.kill(find_worker(folder), signal.SIGKILL)
    wait_until(lambda: len(history(folder, 1)) >= 2, first)
    done_before = len(history(folder, 1))
    first.kill()
    first.wait()
    said = first.stderr.read()
    assert "worker1 was killed by SIGKILL" in said
    assert "another one takes its place" in said
    deadline = time.monotonic() + DEADLINE_SECONDS
    while find_worker(folder) is not None:  # its ward ends it
        assert time.monotonic() < deadline
        time.sleep(0.05)
    Search(study, folder, Limits()).search()
    trials = read_trials(folder)
    assert [trial.state for trial in trials] == [COMPLETED, COMPLETED]
    assert [trial.run.name for trial in trials] == ["s1", "s2"]
    log = (folder / "logs" / "worker1.log").read_text()
    assert done_before >= 2
    # Each run's first epoch was trained once: they went on and did not begin again.
    assert log.count("epoch 1:") == 2
