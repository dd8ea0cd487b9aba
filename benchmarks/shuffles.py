"""Counts what each data-parallel stage shuffles, at two sizes, and prints JSON.

    python benchmarks/shuffles.py --emnist FOLDER --model FOLDER --lines 2000 20000

Runs the stages as `scale.py` does, with one worker, and adds up the bytes that Beam's local runner
takes into its GroupByKeys, as they are coded for the way between workers: after combiners have
added up what one bundle holds, which Beam has done before it hands a job to any engine.
`bytes_a_line` is the slope between the sizes; `bytes_at_start` what is left at no lines. With more
workers, and so more bundles, that comes once for each. `largest` names the groupings that take
most of the larger run. Nothing is timed, so that the machine need not be at rest.
"""

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from main_job import describe_commit, describe_machine, hide_folders
from scale_cases import count_lines, gather_splits, import_all, run_stages, watch_components

_STARTED, _LARGEST = "Component %s is running.", 4
Sizes = Mapping[str, Mapping[str, int]]
"""Stage -> grouping -> bytes."""


class ShuffleWatch(logging.Handler):
    """Adds up the bytes of each grouping, stage by stage."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.found: dict[str, Counter[str]] = defaultdict(Counter)
        self.stage = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Hears from TFX's local runner which component begins."""
        if record.msg == _STARTED and isinstance(record.args, tuple):
            self.stage = str(record.args[0])

    def add(self, grouping: str, size: int) -> None:
        """Counts what was taken into a grouping."""
        self.found[self.stage][grouping] += size


@contextmanager
def watch_groupings(watch: ShuffleWatch) -> Iterator[None]:
    """Lets a watch see what Beam's local runner groups."""
    from apache_beam.runners.portability.fn_api_runner import execution

    get_buffer, append = execution.BundleContextManager.get_buffer, execution.GroupingBuffer.append

    def get_named_buffer(self: Any, buffer_id: bytes, transform_id: str) -> Any:
        buffer = get_buffer(self, buffer_id, transform_id)
        if isinstance(buffer, execution.GroupingBuffer):
            _, name = execution.split_buffer_id(buffer_id)
            transform = self.execution_context.pipeline_components.transforms[name]
            buffer.benchmarked_name = transform.unique_name
        return buffer

    def append_counted(self: Any, elements_data: bytes) -> None:
        watch.add(self.benchmarked_name, len(elements_data))
        append(self, elements_data)

    execution.BundleContextManager.get_buffer = get_named_buffer
    execution.GroupingBuffer.append = append_counted
    try:
        yield
    finally:
        execution.BundleContextManager.get_buffer = get_buffer
        execution.GroupingBuffer.append = append


def count(arguments: argparse.Namespace, lines: int) -> Sizes:
    """Returns the bytes of each grouping of each stage."""
    from evaluation import evaluate

    from pipeline.arguments import make_config, make_parser

    watch = ShuffleWatch()
    with tempfile.TemporaryDirectory() as folder, watch_groupings(watch):
        workspace = Path(folder)
        given = ["--dataset=emnist", f"--data-dir={arguments.emnist.resolve()}"]
        given += [f"--set={name}={number}" for name, number in count_lines(lines).items()]
        config = make_config(
            make_parser("shuffles", "").parse_args([*given, f"--workspace={workspace}"])
        )
        with watch_components(watch):
            run_stages(config, 1)
        watch.stage = "Evaluator"
        transformed = config.pipeline_root / "Transform" / "transformed_examples"
        together = gather_splits(next(transformed.iterdir()), workspace / "evaluated")
        evaluate(arguments.model.resolve(), None, together, workspace)
    return watch.found


def summarise(small: Sizes, large: Sizes, lines: tuple[int, int]) -> dict[str, Any]:
    """Tells of each stage what a line adds, and what is there without any.

    Args:
      small: bytes of the smaller run.
      large: those of the larger.
      lines: of either.
    """
    told = {}
    for stage, groupings in large.items():
        before, after = sum(small.get(stage, {}).values()), sum(groupings.values())
        line = (after - before) / (lines[1] - lines[0])
        told[stage] = {
            "bytes_a_line": round(line, 2),
            "bytes_at_start": round(before - line * lines[0]),
            "bytes": {str(lines[0]): before, str(lines[1]): after},
            "groupings": len(groupings),
            "largest": {
                name: {str(lines[0]): small.get(stage, {}).get(name, 0), str(lines[1]): size}
                for name, size in Counter(groupings).most_common(_LARGEST)
            },
        }
    return told


def main() -> None:
    """Runs both sizes."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--emnist", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder of a Model artifact")
    parser.add_argument("--lines", type=int, nargs=2, default=(2000, 20000), metavar="N")
    arguments = parser.parse_args()
    lines = (arguments.lines[0], arguments.lines[1])
    if not 0 < lines[0] < lines[1]:
        parser.error(f"expected --lines SMALLER LARGER, got {lines[0]} {lines[1]}")
    import_all()
    small, large = (count(arguments, number) for number in lines)
    print(
        json.dumps(
            {
                "benchmark": "shuffles",
                "date": datetime.now(timezone.utc).date().isoformat(),
                "machine": describe_machine(),
                "commit": describe_commit(),
                "command": hide_folders(["python", *sys.argv]),
                "data": "lines of EMNIST ByClass glyphs, eight in ten for training",
                "stages": summarise(small, large, lines),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
