"""The command line of the runners -> `PipelineConfig`. Imports nothing heavy: `--help` is quick."""

import argparse
import dataclasses
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.config import GateOptions, PipelineConfig
from pipeline.ingest.lines import LineOptions
from pipeline.ingest.record_sources import (
    FOLDER,
    IAM,
    LABELED,
    LATIN_ALPHABET,
    PAGES,
    SOURCES,
    RecordOptions,
)
from schema.errors import InputError
from trainer_module.hyperparameters import NARROW_STEM, LstmCtcHyperparameters
from transforms.synthesis_options import SynthesisOptions

SAMPLE, EMNIST = "sample", "emnist"
DATASETS = (SAMPLE, EMNIST, *SOURCES)

# Sized by measurement (benchmarks/README.md): 2 CPU cores train on 60 to 90 lines a second.
LINES_OF = {
    SAMPLE: {"train_lines": 4000, "validation_lines": 400, "test_lines": 1000},
    EMNIST: {"train_lines": 10000, "validation_lines": 500, "test_lines": 1500},
}
TRAIN_STEPS_OF = {SAMPLE: 500, EMNIST: 2200, **dict.fromkeys(SOURCES, 1500)}
SYNTHESIS_OF = {SAMPLE: SynthesisOptions(baseline_drift=1.5)}
# Real writing is narrower than glyphs set side by side: a frame for every 4 columns, not 8.
NETWORK_OF = dict.fromkeys(SOURCES, LstmCtcHyperparameters(stem=NARROW_STEM))
WHERE_TO_GET = {
    IAM: "name the folder of your own licensed copy, with ascii/, lines/ or lines.tgz, and xml/",
    PAGES: "name a folder of ALTO or PAGE XML files with their pictures",
    LABELED: "name the folder that holds the labelled spans",
    FOLDER: "name a folder of line pictures with .gt.txt files beside them",
}

_NOT_SETTABLE = {
    "alphabet",
    "corpus",
    "seed",
    "source",
    "stem",
    "lstm_units",
}  # have options of their own


class _Parser(argparse.ArgumentParser):
    """Says bad usage in one line and exits with 2."""

    def error(self, message: str) -> typing.NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help lists the options)\n")


def make_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """Makes the parser that the runners share."""
    parser = _Parser(
        prog=prog,
        description=description,
        epilog=f"--set takes, with sample and emnist: {_describe_settings(SAMPLE)}; "
        f"with the others: {_describe_settings(PAGES)}",
        allow_abbrev=False,
    )
    parser.add_argument("--task", choices=["lines"], default="lines", help="what to read")
    parser.add_argument(
        "--dataset",
        choices=DATASETS,
        default=SAMPLE,
        help="sample: synthetic handwriting made offline from fonts; emnist: real glyphs; "
        "iam: your copy of IAM; pages: ALTO or PAGE XML; labeled: spans that were labelled; "
        "folder: pictures with .gt.txt",
    )
    parser.add_argument("--network", choices=["lstm_ctc"], default="lstm_ctc")
    parser.add_argument(
        "--data-dir",
        type=Path,
        help="folder of the data set; emnist without it downloads the official archive (562 MB)",
    )
    parser.add_argument(
        "--corpus", type=Path, help="text file to take the lines' sentences from (UTF-8)"
    )
    parser.add_argument(
        "--alphabet",
        help="of real lines: latin (the default), data (the characters of their texts), or a file",
    )
    parser.add_argument(
        "--workspace",
        type=Path,
        default=Path("workspace"),
        help="artifacts, metadata, pushed models and reports (default: %(default)s)",
    )
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
        help="do not start the model server and ask it to read a line after the push",
    )
    return parser


def make_config(arguments: argparse.Namespace) -> PipelineConfig:
    """Turns parsed arguments into a checked configuration.

    Raises:
      InputError: an option is unknown or its value is out of range.
    """
    dataset = arguments.dataset
    changes = _parse_settings(arguments.settings, dataset)
    if dataset in WHERE_TO_GET and arguments.data_dir is None:
        raise InputError(
            f"expected --data-dir FOLDER with --dataset {dataset}, got none: "
            f"{WHERE_TO_GET[dataset]}"
        )
    if dataset in SOURCES and arguments.corpus is not None:
        raise InputError(
            f"expected no --corpus with --dataset {dataset}, whose lines have texts: leave it out"
        )
    if dataset not in SOURCES and arguments.alphabet is not None:
        raise InputError(
            f"expected no --alphabet with --dataset {dataset}, whose glyphs decide it: leave it out"
        )
    workspace = arguments.workspace.absolute()
    network = NETWORK_OF.get(dataset, LstmCtcHyperparameters())
    synthesis = SYNTHESIS_OF.get(dataset, SynthesisOptions())
    return PipelineConfig(
        dataset=dataset,
        data_dir=(arguments.data_dir or workspace / "data" / dataset).absolute(),
        workspace=workspace,
        train_steps=(
            TRAIN_STEPS_OF[dataset] if arguments.train_steps is None else arguments.train_steps
        ),
        seed=arguments.seed,
        lines=_make_lines(arguments, changes.get("lines", {})),
        synthesis=dataclasses.replace(synthesis, **changes.get("synthesis", {})),
        hyperparameters=dataclasses.replace(network, **changes.get("hyperparameters", {})),
        gate=GateOptions(**changes.get("gate", {})),
    )


def _make_lines(
    arguments: argparse.Namespace, changes: dict[str, Any]
) -> LineOptions | RecordOptions:
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


def _fields(dataset: str) -> dict[str, tuple[str, type]]:
    """Returns setting -> the part of the configuration that holds it, and its type."""
    records: dict[str, type] = {"lines": RecordOptions}
    if dataset not in SOURCES:
        records = {"lines": LineOptions, "synthesis": SynthesisOptions}
    records |= {"hyperparameters": LstmCtcHyperparameters, "gate": GateOptions}
    found = {}
    for part, record in records.items():
        hints = typing.get_type_hints(record)
        for entry in dataclasses.fields(record):
            if entry.name not in _NOT_SETTABLE:
                found[entry.name] = (part, hints[entry.name])
    return found


def _describe_settings(dataset: str) -> str:
    return ", ".join(f"{key}={kind.__name__}" for key, (_, kind) in _fields(dataset).items())


def _parse_settings(settings: Sequence[str], dataset: str) -> dict[str, dict[str, Any]]:
    """Returns part of the configuration -> field -> value."""
    fields = _fields(dataset)
    changes: dict[str, dict[str, Any]] = {}
    for setting in settings:
        key, separator, text = setting.partition("=")
        if not separator or key not in fields:
            raise InputError(
                f"expected --set KEY=VALUE with a known key, got {setting!r}: "
                f"the keys are {', '.join(fields)}"
            )
        part, kind = fields[key]
        try:
            changes.setdefault(part, {})[key] = kind(text)
        except ValueError:
            raise InputError(
                f"expected {key} to be of type {kind.__name__}, got {text!r}: correct it"
            ) from None
    return changes
