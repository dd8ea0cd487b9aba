"""Searches hyperparameters for a while, then holds what was found against the defaults, as JSON.

    python benchmarks/tuning.py --emnist FOLDER --workspace FOLDER [--minutes 30] [--seeds 3]
        [--search-lines 4000] [--search-steps 3500] [--compared-lines 10000] [--compared-steps 8800]
    python benchmarks/tuning.py --emnist FOLDER --workspace FOLDER --speed-up

Nothing here reads a test split. The search trains on lines of the training glyphs and chooses by
their validation lines. A choice looks better on what it was chosen by than it is, so the two are
compared on other data: with each of the other seeds the pipeline's own ingestion and Transform deal
other training and validation glyphs and texts out of the training files. Both sets of
hyperparameters train on them with as many examples, and each is judged by the validation lines of
its best epoch. `--speed-up` times the same short trials by one worker, with half of the
processors and with all, and by two instead. Run it on
an idle machine, with the project's environment; what was done is not done again.
"""

import argparse
import dataclasses
import json
import os
import statistics
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from main_job import ROOT, describe_commit, describe_machine, hide_folders

sys.path.insert(0, str(ROOT))

SEARCH_SEED = 0
SEARCH_LINES, COMPARED_LINES, VALIDATION_LINES = 4000, 10000, 500
SEARCH_STEPS, COMPARED_STEPS = 3500, 8800  # seven epochs of 8 lines a step
SPEED_UP_TRIALS, SPEED_UP_STEPS = 4, 200


def make_config(arguments: argparse.Namespace, seed: int, lines: int, steps: int) -> Any:
    """Makes the configuration of a run on EMNIST's lines, as the command line would."""
    from pipeline.arguments import make_config, make_parser
    from pipeline.prepare import prepare_data

    options = {
        "train_lines": lines,
        "validation_lines": arguments.validation_lines,
        "test_lines": 1,
    }
    command = ["--dataset", "emnist", "--data-dir", str(arguments.emnist.absolute())]
    command += ["--network", arguments.network, "--seed", str(seed), "--train-steps", str(steps)]
    command += ["--workspace", str(arguments.workspace / f"data-{seed}-{lines}")]
    command += [part for key, value in options.items() for part in ("--set", f"{key}={value}")]
    return prepare_data(make_config(make_parser("tuning.py", "").parse_args(command)))


def make_examples(config: Any) -> Path:
    """Runs the pipeline up to Transform; returns where the transformed examples lie."""
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner

    from pipeline.pipeline import create_data_pipeline
    from pipeline.progress import show_progress
    from pipeline.run_metadata import RunMetadata

    config.workspace.mkdir(parents=True, exist_ok=True)
    pipeline = create_data_pipeline(config)
    with show_progress(len(pipeline.components), config.logs_path / "transform.log"):
        LocalDagRunner().run(pipeline)
    found = RunMetadata(config.database, config.pipeline_name)
    return Path(found.output("Transform", "transformed_examples").uri)


def describe_training(config: Any, examples: Path) -> tuple[Any, Any]:
    """Returns what is trained on, and the training with the defaults."""
    from trainer_module.tuning.study import Run, TrainingData
    from trainer_module.variation import Variation

    data = TrainingData(
        task=config.task.name,
        symbols=config.alphabet.symbols,
        dataset=config.dataset,
        train_files=(str(examples / "Split-train" / "*"),),
        validation_files=(str(examples / "Split-validation" / "*"),),
    )
    run = Run(
        network=config.network,
        hyperparameters=json.loads(json.dumps(dataclasses.asdict(config.hyperparameters))),
        variation=dataclasses.asdict(Variation(config.synthesis, config.augmentation)),
        seed=config.seed,
        train_steps=config.train_steps,
    )
    return data, run


def search(study: Any, folder: Path, limits: Any) -> Any:
    """Searches, or goes on; returns the outcome."""
    from trainer_module.tuning.folder import hold_folder
    from trainer_module.tuning.outcome import conclude
    from trainer_module.tuning.search import Search

    with hold_folder(folder):
        Search(study, folder, limits).search()
        return conclude(folder)


def compare(arguments: argparse.Namespace, seed: int, found: dict[str, Any]) -> dict[str, float]:
    """Trains with the defaults and with what was found, on data of another seed."""
    from trainer_module.hyperparameters import NETWORKS
    from trainer_module.tuning.options import Limits
    from trainer_module.tuning.study import LISTED, Study, scale_steps

    config = make_config(arguments, seed, arguments.compared_lines, arguments.compared_steps)
    data, base = describe_training(config, make_examples(config))
    base = dataclasses.replace(base, name="defaults")
    tuned = NETWORKS[base.network].from_dict(found)
    best = dataclasses.replace(
        base,
        name="found",
        hyperparameters=json.loads(json.dumps(dataclasses.asdict(tuned))),
        train_steps=scale_steps(base.train_steps, base.record, tuned),
    )
    study = Study(data, base, LISTED, runs=(base, best), code=describe_commit())
    folder = arguments.workspace.absolute() / "compared" / study.study_id
    outcome = search(study, folder, Limits(parallel=arguments.parallel))
    return {trial.run.name: trial.error for trial in outcome.trials if trial.error is not None}


def measure_quality(arguments: argparse.Namespace) -> dict[str, Any]:
    """Searches on one seed's data and compares on that of others."""
    from trainer_module.tuning.options import Limits
    from trainer_module.tuning.study import Study

    config = make_config(arguments, SEARCH_SEED, arguments.search_lines, arguments.search_steps)
    data, base = describe_training(config, make_examples(config))
    study = Study(data, base, arguments.algorithm, base.record.space, code=describe_commit())
    folder = arguments.workspace.absolute() / "searches" / study.study_id
    limits = Limits(minutes=arguments.minutes, parallel=arguments.parallel)
    told = search(study, folder, limits).as_json()
    seeds = range(SEARCH_SEED + 1, SEARCH_SEED + 1 + arguments.seeds)
    errors = [compare(arguments, seed, told["hyperparameters"]) for seed in seeds]
    defaults, found = (
        statistics.mean(each[name] for each in errors) for name in ("defaults", "found")
    )
    return {
        "search": told,
        "minutes": arguments.minutes,
        "lines": {"search": arguments.search_lines, "compared": arguments.compared_lines},
        "steps_of_defaults": {
            "search": arguments.search_steps,
            "compared": arguments.compared_steps,
        },
        "validation_cer": [
            {"seed": seed, **each} for seed, each in zip(seeds, errors, strict=True)
        ],
        "mean": {"defaults": defaults, "found": found},
        "relative_gain": 1 - found / defaults,
        "better_on_every_seed": all(each["found"] < each["defaults"] for each in errors),
    }


def measure_speed_up(arguments: argparse.Namespace) -> dict[str, Any]:
    """Times the same trials by one worker with a half of the processors or all, and by two.

    Two share them, so that one with as many as each of the two tells what a second worker brings
    where there are processors for it.
    """
    from trainer_module.hyperparameters.space import Choice
    from trainer_module.tuning.options import Limits
    from trainer_module.tuning.study import RANDOM, Study

    config = make_config(arguments, SEARCH_SEED, arguments.search_lines, SPEED_UP_STEPS)
    data, base = describe_training(config, make_examples(config))
    space = {"clip_norm": Choice((0.5, 1.0, 2.0, 5.0))}  # of which no trial takes longer
    everything = os.sched_getaffinity(0)
    half = set(sorted(everything)[: max(1, len(everything) // 2)])
    seconds = []
    for parallel, processors in ((1, half), (1, everything), (2, everything)):
        os.sched_setaffinity(0, processors)  # of the workers as well
        now = datetime.now(timezone.utc).isoformat()
        study = Study(data, base, RANDOM, space, code=now)
        folder = arguments.workspace.absolute() / "speed-up" / study.study_id
        started = time.monotonic()
        search(study, folder, Limits(trials=SPEED_UP_TRIALS, parallel=parallel))
        seconds.append(round(time.monotonic() - started, 1))
    with_half, alone, two = seconds
    return {
        "trials": SPEED_UP_TRIALS,
        "steps": SPEED_UP_STEPS,
        "processors": len(everything),
        "seconds": {"one worker, half": with_half, "one worker, all": alone, "two workers": two},
        "times_faster_than_one_with_half": round(with_half / two, 2),
        "times_faster_than_one_with_all": round(alone / two, 2),
    }


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emnist", type=Path, required=True, help="folder in EMNIST's layout")
    parser.add_argument("--workspace", type=Path, required=True, help="keeps data and trials")
    parser.add_argument("--network", default="lstm_ctc", choices=("lstm_ctc", "line_cnn"))
    parser.add_argument("--algorithm", default="hyperband")
    parser.add_argument("--minutes", type=float, default=30.0, help="of the search")
    parser.add_argument("--seeds", type=int, default=3, help="data sets to compare on")
    for name, default in (
        ("search-lines", SEARCH_LINES),
        ("search-steps", SEARCH_STEPS),
        ("compared-lines", COMPARED_LINES),
        ("compared-steps", COMPARED_STEPS),
        ("validation-lines", VALIDATION_LINES),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, help="default: %(default)s")
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--speed-up", action="store_true", help="time one worker beside two")
    arguments = parser.parse_args()
    machine = describe_machine()
    measured = measure_speed_up(arguments) if arguments.speed_up else measure_quality(arguments)
    told = {
        "benchmark": "tuning",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": describe_commit(),
        "machine": machine,
        "command": hide_folders(["python", *sys.argv]),
        "network": arguments.network,
        **measured,
    }
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
