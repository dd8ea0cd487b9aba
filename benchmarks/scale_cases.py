"""What `scale.py` measures, in a process of its own that prints one JSON object.

    python benchmarks/scale_cases.py --emnist FOLDER --lines N --workers N [--model FOLDER]
    python benchmarks/scale_cases.py --emnist FOLDER --lines N --only-planning

Runs the data-parallel stages of the pipeline, with the components that `create_pipeline` wires, on
lines of real glyphs: eight in ten for training, one each for validation and test. Then the
Evaluator's executor judges a model, given by `--model`, on all lines, put into one split: that is
what the pipeline evaluates, and of several splits Beam's local runner would hold every example.
The peak memory of each stage is that of this process, where that runner keeps what lies between
stages. With `--cores` all of it uses so many of the machine's. Or only the texts of the lines are
planned, with the glyphs' characters but without the glyphs.
"""

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest_cases import beam_arguments, cpu_seconds, peak_mib
from main_job import ROOT

sys.path.insert(0, str(ROOT))

_STARTED, _FINISHED = "Component %s is running.", "Component %s is finished."
MEASURED = ("LineExampleGen", "StatisticsGen", "Transform")


class StageWatch(logging.Handler):
    """Notes seconds and the peak memory of each component that TFX's local runner tells of."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.found: dict[str, dict[str, float]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Looks at one log record."""
        if record.msg == _STARTED:
            self.begin()
        elif record.msg == _FINISHED and isinstance(record.args, tuple):
            self.end(str(record.args[0]))

    def begin(self) -> None:
        """Starts the clocks, and the peak of memory from where it stands."""
        Path("/proc/self/clear_refs").write_text("5")
        self._begun, self._used, self._before = time.monotonic(), cpu_seconds(), peak_mib()

    def end(self, stage: str) -> None:
        """Reads them."""
        self.found[stage] = {
            "seconds": round(time.monotonic() - self._begun, 1),
            "cpu_seconds": round(cpu_seconds() - self._used, 1),
            "peak_mib": round(peak_mib()),
            "mib_before": round(self._before),
        }


@contextmanager
def watch_components(watch: StageWatch) -> Iterator[None]:
    """Lets a watch hear what TFX logs."""
    from absl import logging as absl_logging

    absl_logging.set_verbosity(absl_logging.INFO)
    logger = absl_logging.get_absl_logger()
    logger.handlers, logger.propagate = [watch], False
    yield
    logger.handlers = []


def run_stages(config: Any, workers: int) -> None:
    """Runs ingest, statistics and Transform."""
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner

    from pipeline.pipeline import create_data_pipeline

    LocalDagRunner().run(create_data_pipeline(config, tuple(beam_arguments(workers))))


def gather_splits(examples: Path, target: Path) -> Path:
    """Puts the examples of all splits into the test split, beside the two others as they are.

    As the pipeline's own, the test split has a file for each worker, all of a size: of files of
    several sizes Beam's local runner could give a worker all the large ones.
    """
    from schema.splits import SPLITS, TEST

    files = {split: sorted((examples / f"Split-{split}").iterdir()) for split in SPLITS}
    for split in SPLITS:
        folder = target / f"Split-{split}"
        folder.mkdir(parents=True)
        if split != TEST:
            for file in files[split]:
                (folder / file.name).symlink_to(file)
    for parts in zip(*files.values(), strict=True):
        # The members of a gzip file may follow each other.
        with (target / f"Split-{TEST}" / parts[0].name).open("wb") as together:
            for part in parts:
                together.write(part.read_bytes())
    return target


def count_lines(lines: int) -> dict[str, int]:
    """Returns the options that make so many lines."""
    tenth = max(lines // 10, 1)
    return {
        "train_lines": lines - 2 * tenth,
        "validation_lines": tenth,
        "test_lines": tenth,
    }


def measure_planning(arguments: argparse.Namespace, workspace: Path) -> dict[str, Any]:
    """Plans texts and writes them where workers find them, nothing else in the process."""
    from pipeline.ingest.chunk_file import write_chunks
    from pipeline.ingest.emnist_files import find_emnist, read_mapping
    from pipeline.ingest.lines import LineOptions, LinePlan, plan_texts

    characters = frozenset(read_mapping(find_emnist(arguments.emnist).mapping).tolist())
    watch = StageWatch()
    watch.begin()
    texts = plan_texts(LineOptions(**count_lines(arguments.lines)), characters - {""})
    no_glyphs: Any = None
    write_chunks(LinePlan(no_glyphs, texts).chunks(), workspace / "lines")
    watch.end("planning")
    return {"stages": watch.found}


def measure(arguments: argparse.Namespace, workspace: Path) -> dict[str, Any]:
    """Runs all stages; returns what the watch found, and the size of what they made."""
    from evaluation import evaluate

    from pipeline.arguments import make_config, make_parser

    counts = [f"{name}={count}" for name, count in count_lines(arguments.lines).items()]
    settings = [f"--set={setting}" for setting in (*counts, *arguments.set)]
    given = ["--dataset=emnist", f"--data-dir={arguments.emnist}", f"--workspace={workspace}"]
    config = make_config(make_parser("scale", "").parse_args([*given, *settings]))
    watch = StageWatch()
    with watch_components(watch):
        run_stages(config, arguments.workers)
    transform = config.pipeline_root / "Transform" / "transformed_examples"
    examples = next(transform.iterdir())
    if arguments.model:
        together = gather_splits(examples, workspace / "evaluated")
        watch.begin()
        evaluate(arguments.model, None, together, workspace, beam_arguments(arguments.workers))
        watch.end("Evaluator")
    ingested = config.pipeline_root / "LineExampleGen"
    return {
        "stages": {
            name: watch.found[name] for name in (*MEASURED, "Evaluator") if name in watch.found
        },
        "files": {
            name: len(list(folder.rglob("*.gz")))
            for name, folder in (("ingested", ingested), ("transformed", transform))
        },
        "mib": {
            name: round(sum(file.stat().st_size for file in folder.rglob("*.gz")) / 2**20, 1)
            for name, folder in (("ingested", ingested), ("transformed", transform))
        },
    }


def import_all() -> float:
    """Imports what the stages need; returns the seconds."""
    started = time.monotonic()
    import tensorflow_model_analysis  # noqa: F401

    import pipeline.pipeline  # noqa: F401

    return time.monotonic() - started


def main() -> None:
    """Runs the stages once."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--emnist", type=Path, required=True)
    parser.add_argument("--lines", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--cores", type=int, help="of this machine's; none: all of them")
    parser.add_argument("--model", type=Path, help="folder of a Model artifact")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--only-planning", action="store_true")
    arguments = parser.parse_args()
    if arguments.cores:  # before TensorFlow counts them
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])
    seconds = 0.0 if arguments.only_planning else import_all()
    run = measure_planning if arguments.only_planning else measure
    with tempfile.TemporaryDirectory() as folder:
        found = run(arguments, Path(folder))
    print(json.dumps({"import_seconds": round(seconds, 1), **found}))


if __name__ == "__main__":
    main()
