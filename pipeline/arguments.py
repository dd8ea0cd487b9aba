"""The command line of the runners -> `PipelineConfig`. Imports nothing heavy: `--help` is quick."""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from pipeline.buckets.address import FORMS, BucketAddress, Place, parse_address, parse_place
from pipeline.buckets.fetch import mirror_of
from pipeline.config import PipelineConfig, SearchSettings
from pipeline.database import parse_database
from pipeline.ingest.characters import CharacterOptions
from pipeline.ingest.lines import LineOptions
from pipeline.ingest.page_plan import PageOptions
from pipeline.ingest.record_sources import (
    FOLDER,
    IAM,
    LABELED,
    LATIN_ALPHABET,
    PAGES,
    SOURCES,
    RecordOptions,
)
from pipeline.settings import describe_settings, find_fields, parse_settings
from pipeline.span_check.options import SpanCheckOptions
from pipeline.tasks import TASKS, Task
from schema.errors import InputError
from serving.model_folder import find_trained
from serving.one_line_parser import OneLineParser
from trainer_module.hyperparameters import NETWORKS
from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.hyperparameters.lenet import LenetHyperparameters
from trainer_module.hyperparameters.lines import NARROW_STEM, LineHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.task_names import CHARACTERS, DETECTOR, LINES
from trainer_module.tracking.choice import NONE, TRACKERS, TRACKING_HELP, TrackingChoice
from trainer_module.tuning.options import Limits, add_parallel, add_search_limits
from trainer_module.tuning.study import ALGORITHMS, HYPERBAND
from trainer_module.tuning.typed_file import read_space
from transforms.augmentation_options import AugmentationOptions
from transforms.synthesis_options import SynthesisOptions

SAMPLE, EMNIST = "sample", "emnist"
DATASETS = (SAMPLE, EMNIST, *SOURCES)

# Sized by measurement (benchmarks/README.md): 2 CPU cores train on about 110 lines a second.
LINES_OF = {
    SAMPLE: {"train_lines": 4000, "validation_lines": 400, "test_lines": 1000},
    EMNIST: {"train_lines": 10000, "validation_lines": 500, "test_lines": 1500},
}
DATASETS_OF = {LINES: DATASETS, CHARACTERS: (SAMPLE, EMNIST), DETECTOR: (SAMPLE, PAGES, IAM)}
TRAIN_EXAMPLES_OF = {
    LINES: {SAMPLE: 16_000, EMNIST: 70_400, **dict.fromkeys(SOURCES, 48_000)},
    CHARACTERS: {SAMPLE: 76_800, EMNIST: 768_000},
    DETECTOR: {SAMPLE: 1600, PAGES: 4000, IAM: 6000},
}
"""Trained on unless told otherwise, repeats counted: the steps are these over the batch size."""
SYNTHESIS_OF = {SAMPLE: SynthesisOptions(baseline_drift=1.5)}
WHERE_TO_GET = {
    IAM: "name the folder of your own licensed copy, with ascii/, lines/ or lines.tgz, and xml/",
    PAGES: "name a folder of ALTO or PAGE XML files with their pictures",
    LABELED: "name the folder that holds the labelled spans",
    FOLDER: "name a folder of line pictures with .gt.txt files beside them",
}

_SHOWN_SETTINGS = (
    (TASKS[LINES], SAMPLE, LstmCtcHyperparameters.network),
    (TASKS[LINES], PAGES, LstmCtcHyperparameters.network),
    (TASKS[CHARACTERS], EMNIST, LenetHyperparameters.network),
    (TASKS[DETECTOR], PAGES, FcnHyperparameters.network),
)
"""Combinations whose settings `--help` lists; an unknown key lists those of its own."""


def make_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """Makes the parser that the runners share."""
    parser = OneLineParser(
        prog=prog,
        description=description,
        epilog="; ".join(
            f"--set takes, with --task {task.name} --dataset {dataset} --network {network}: "
            + describe_settings(task, dataset, NETWORKS[network])
            for task, dataset, network in _SHOWN_SETTINGS
        ),
    )
    _add_subject(parser)
    parser.add_argument(
        "--workspace",
        type=Path,
        default=Path("workspace"),
        help="artifacts, metadata, pushed models and reports (default: %(default)s)",
    )
    parser.add_argument(
        "--metadata",
        metavar="URL",
        help="keep metadata on a server, mysql://USER@HOST/NAME (MariaDB too) or "
        "postgresql://USER@HOST/NAME (docs/metadata.md); the workspace remembers it (default: a "
        "file in it)",
    )
    parser.add_argument(
        "--artifacts",
        type=parse_address,
        metavar="ADDRESS",
        help=f"{FORMS}: keep the artifacts of all stages there, so that another machine can go on "
        "(docs/metadata.md); the workspace remembers it (default: a folder in it)",
    )
    parser.add_argument(
        "--publish",
        type=parse_address,
        metavar="ADDRESS",
        help=f"{FORMS}: publish there what is pushed, from now on after each push, promotion and "
        "rollback (docs/deploy.md)",
    )
    parser.add_argument(
        "--warm-start",
        type=Path,
        metavar="MODEL",
        help="pushed model, a version or the folder of all, whose layers training begins with",
    )
    _add_search(parser)
    parser.add_argument("--track", choices=TRACKERS, default=NONE, help=TRACKING_HELP)
    parser.add_argument("--train-steps", type=int, help="batches, rounded to whole epochs")
    parser.add_argument("--seed", type=int, default=0, help="decides everything random")
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one option of data, network, training or gate; may be given again",
    )
    parser.add_argument(
        "--no-question",
        dest="question",
        action="store_false",
        help="do not start the model server and ask it to read after the push",
    )
    return parser


def _add_subject(parser: argparse.ArgumentParser) -> None:
    """Adds what is read, by which network, and which data it is learned from."""
    parser.add_argument("--task", choices=list(TASKS), default=LINES, help="what to read")
    parser.add_argument(
        "--dataset",
        choices=DATASETS,
        default=SAMPLE,
        help="sample: synthetic handwriting made offline from fonts; emnist: real glyphs; "
        "iam: your copy of IAM; pages: ALTO or PAGE XML; labeled: spans that were labelled; "
        "folder: pictures with .gt.txt",
    )
    parser.add_argument(
        "--network",
        choices=list(NETWORKS),
        help="default: "
        + ", ".join(f"{task.networks[0]} for {task.name}" for task in TASKS.values()),
    )
    parser.add_argument(
        "--data-dir",
        type=parse_place,
        help=f"folder of the data set, or {FORMS}, which is mirrored in the workspace; emnist "
        "without it downloads the official archive (562 MB)",
    )
    parser.add_argument(
        "--corpus", type=Path, help="text file to take the lines' sentences from (UTF-8)"
    )
    parser.add_argument(
        "--alphabet",
        help="of real lines: latin (the default), data (the characters of their texts), or a file",
    )


def _add_search(parser: argparse.ArgumentParser) -> None:
    search = parser.add_argument_group("search", "for hyperparameters, before the training")
    search.add_argument(
        "--tune",
        nargs="?",
        const=HYPERBAND,
        choices=ALGORITHMS,
        metavar="ALGORITHM",
        help=f"search first, by {', '.join(ALGORITHMS)} (--tune alone: {HYPERBAND}), and train "
        "with the best; what --set gives is not varied",
    )
    search.add_argument(
        "--space", type=Path, metavar="FILE", help="TOML file of what to vary (docs/tuning.md)"
    )
    add_search_limits(search)
    add_parallel(search)


def make_config(arguments: argparse.Namespace) -> PipelineConfig:
    """Turns parsed arguments into a checked configuration.

    Raises:
      InputError: an option is unknown or its value is out of range.
    """
    task, dataset = TASKS[arguments.task], arguments.dataset
    _check_local(arguments)
    _check_combination(arguments)
    network = NETWORKS[arguments.network or task.networks[0]]
    changes = parse_settings(arguments.settings, find_fields(task, dataset, network))
    workspace = arguments.workspace.absolute()
    changed = changes.get("hyperparameters", {})
    hyperparameters = _make_hyperparameters(network, dataset, changed)
    steps = arguments.train_steps
    if steps is None:
        steps = max(1, TRAIN_EXAMPLES_OF[task.name][dataset] // hyperparameters.batch_size)
    return PipelineConfig(
        task=task,
        dataset=dataset,
        data_dir=_find_data(arguments.data_dir, workspace, dataset),
        workspace=workspace,
        train_steps=steps,
        seed=arguments.seed,
        data=_make_data(arguments, changes.get("data", {})),
        hyperparameters=hyperparameters,
        gate=task.gate(**changes.get("gate", {})),
        synthesis=_make_synthesis(task, dataset, changes.get("synthesis", {})),
        augmentation=AugmentationOptions(**changes.get("augmentation", {})),
        span_check=SpanCheckOptions(**changes.get("span_check", {})),
        warm_start=find_trained(arguments.warm_start.absolute()) if arguments.warm_start else None,
        search=_make_search(arguments, network, changed),
        tracking=TrackingChoice(
            arguments.track, "" if arguments.track == NONE else str(workspace / "tracking")
        ),
        metadata=parse_database(arguments.metadata) if arguments.metadata else None,
        artifacts_in=arguments.artifacts,
    )


def _find_data(given: Place | None, workspace: Path, dataset: str) -> Path:
    if isinstance(given, BucketAddress):
        return mirror_of(workspace, given)
    return (given or workspace / "data" / dataset).absolute()


def _check_local(arguments: argparse.Namespace) -> None:
    """Refuses addresses of buckets, which would become folders of that name."""
    for option in ("workspace", "corpus", "warm_start"):
        given = getattr(arguments, option)
        scheme, separator, _ = str(given).partition(":/")
        if given is not None and separator and "/" not in scheme:
            raise InputError(
                f"expected a folder of this machine or of a mount as --{option.replace('_', '-')}, "
                f"got {given}: mount the bucket, or copy from it first"
            )


def _check_combination(arguments: argparse.Namespace) -> None:
    """Refuses options that do not go together."""
    task, dataset = arguments.task, arguments.dataset
    if dataset not in DATASETS_OF[task]:
        raise InputError(
            f"expected a data set of {', '.join(DATASETS_OF[task])} with --task {task}, "
            f"got {dataset}: choose one"
        )
    if dataset in WHERE_TO_GET and arguments.data_dir is None:
        raise InputError(
            f"expected --data-dir FOLDER with --dataset {dataset}, got none: "
            f"{WHERE_TO_GET[dataset]}"
        )
    if (dataset in SOURCES or task != LINES) and arguments.corpus is not None:
        raise InputError(
            f"expected no --corpus with --task {task} --dataset {dataset}, which makes no "
            "sentences: leave it out"
        )
    if task == DETECTOR and arguments.alphabet is not None:
        raise InputError(
            f"expected no --alphabet with --task {task}, which reads no text: leave it out"
        )
    if dataset not in SOURCES and arguments.alphabet is not None:
        raise InputError(
            f"expected no --alphabet with --dataset {dataset}, whose glyphs decide it: leave it out"
        )


def _make_search(
    arguments: argparse.Namespace, network: type[Hyperparameters], fixed: dict[str, Any]
) -> SearchSettings | None:
    limits = Limits(arguments.trials, arguments.minutes, arguments.parallel)
    if arguments.tune is None:
        if limits != Limits() or arguments.space is not None:
            raise InputError(
                "expected --trials, --minutes, --parallel and --space only with --tune, got them "
                "without: add it"
            )
        return None
    space = read_space(arguments.space) if arguments.space else network.space
    for name in fixed:
        if arguments.space and name in space:
            raise InputError(
                f"expected {name} either fixed by --set or varied by {arguments.space}, got both: "
                "remove one"
            )
    varied = {name: space[name] for name in space if name not in fixed}
    return SearchSettings(arguments.tune, varied, limits)


def _make_data(
    arguments: argparse.Namespace, changes: dict[str, Any]
) -> LineOptions | RecordOptions | CharacterOptions | PageOptions:
    if arguments.task == DETECTOR:
        return PageOptions(source=arguments.dataset, seed=arguments.seed, **changes)
    if arguments.task == CHARACTERS:
        return CharacterOptions(seed=arguments.seed, **changes)
    if arguments.dataset in SOURCES:
        return RecordOptions(
            source=arguments.dataset,
            alphabet=arguments.alphabet or LATIN_ALPHABET,
            seed=arguments.seed,
            **changes,
        )
    corpus = str(arguments.corpus.absolute()) if arguments.corpus else None
    return LineOptions(
        corpus=corpus, seed=arguments.seed, **(LINES_OF[arguments.dataset] | changes)
    )


def _make_hyperparameters(
    network: type[Hyperparameters], dataset: str, changes: dict[str, Any]
) -> Hyperparameters:
    # Real writing is narrower than glyphs set side by side: a frame for every 4 columns, not 8.
    if dataset in SOURCES and issubclass(network, LineHyperparameters):
        changes = {"stem": NARROW_STEM} | changes
    return network(**changes)


def _make_synthesis(task: Task, dataset: str, changes: dict[str, Any]) -> SynthesisOptions:
    usual = SYNTHESIS_OF.get(dataset, SynthesisOptions()) if task.name == LINES else None
    return dataclasses.replace(usual or SynthesisOptions(), **changes)
