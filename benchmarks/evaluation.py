"""Profiles the gate's evaluation of a line model and prints where its time goes as JSON.

    python benchmarks/evaluation.py --model WORKSPACE/artifacts/sample-lines/Trainer/model/N \
      --examples WORKSPACE/artifacts/sample-lines/Transform/transformed_examples/N --lines 10000

The test lines are repeated under new names until there are as many as asked. The executor of the
pipeline's Evaluator judges the model, with `--baseline` against another one; the time inside the
models' own calls is taken by a clock around them. `start` is the same on a single line: what an
evaluation costs whatever its size. `peak_mib` is the most memory that the process held in either.
Run it with the project's environment.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ingest_cases import peak_mib
from main_job import ROOT, describe_commit, describe_machine, hide_folders

sys.path.insert(0, str(ROOT))


class ModelClock:
    """Adds up the time that TFMA spends inside models, from when it is made."""

    def __init__(self) -> None:
        from tensorflow_model_analysis.utils import model_util

        self.seconds = 0.0
        self._find = model_util.get_callable
        model_util.get_callable = self._find_timed

    def _find_timed(self, model: Any, *arguments: Any) -> Any:
        call = self._find(model, *arguments)
        if call is None:
            return None  # an optional signature, as for transformed features

        def timed(*inputs: Any) -> Any:
            started = time.monotonic()
            outputs = call(*inputs)
            self.seconds += time.monotonic() - started
            return outputs

        return timed


def repeat_examples(source: Path, target: Path, lines: int) -> None:
    """Writes a test split of so many lines under names of their own, and tiny other splits."""
    import tensorflow as tf

    from schema import features
    from schema.splits import SPLITS, TEST

    for split in SPLITS:
        paths = sorted(str(path) for path in (source / f"Split-{split}").glob("*.gz"))
        records = list(
            tf.data.TFRecordDataset(paths, compression_type="GZIP").take(1000).as_numpy_iterator()
        )
        (target / f"Split-{split}").mkdir(parents=True)
        with tf.io.TFRecordWriter(str(target / f"Split-{split}" / "lines.gz"), "GZIP") as writer:
            for number in range(lines if split == TEST else 10):
                example = tf.train.Example.FromString(records[number % len(records)])
                for key in (features.SAMPLE_ID, features.CLUSTER):
                    value = example.features.feature[key].bytes_list.value
                    value[0] = f"{split}/{number:06d}".encode()
                writer.write(example.SerializeToString())


def evaluate(
    model: Path,
    baseline: Path | None,
    examples: Path,
    root: Path,
    beam_args: Sequence[str] = (),
) -> float:
    """Runs the executor of the pipeline's Evaluator; returns seconds.

    Args:
      model: folder of a Model artifact.
      baseline: of another one.
      examples: transformed ones.
      root: takes what the executor writes.
      beam_args: where it runs; empty for this process.
    """
    from tfx.types import standard_artifacts
    from tfx.types import standard_component_specs as specs
    from tfx.types.artifact_utils import encode_split_names
    from tfx.utils import proto_utils

    from pipeline.evaluation.eval_config import make_eval_config
    from pipeline.evaluation.gated_evaluator import GatedExecutor
    from pipeline.gate import LineGate, gate_to_json
    from pipeline.pipeline import BEAM_ARGS
    from pipeline.tasks import TASKS
    from schema.splits import SPLITS, TEST
    from trainer_module.task_names import LINES

    def artifact(kind: Any, path: Path) -> Any:
        made = kind()
        made.uri = str(path)
        return made

    split_examples = artifact(standard_artifacts.Examples, examples)
    split_examples.split_names = encode_split_names(list(SPLITS))
    given = {
        specs.EXAMPLES_KEY: [split_examples],
        specs.MODEL_KEY: [artifact(standard_artifacts.Model, model)],
    }
    if baseline is not None:
        given[specs.BASELINE_MODEL_KEY] = [artifact(standard_artifacts.Model, baseline)]
    gate = LineGate()
    context = GatedExecutor.Context(
        beam_pipeline_args=list(beam_args or BEAM_ARGS), tmp_dir=str(root), unique_id="1"
    )
    started = time.monotonic()
    GatedExecutor(context).Do(
        given,
        {
            specs.EVALUATION_KEY: [artifact(standard_artifacts.ModelEvaluation, root / "metrics")],
            specs.BLESSING_KEY: [artifact(standard_artifacts.ModelBlessing, root / "blessing")],
        },
        {
            specs.EVAL_CONFIG_KEY: proto_utils.proto_to_json(
                make_eval_config(TASKS[LINES], gate, version="")
            ),
            specs.EXAMPLE_SPLITS_KEY: json.dumps([TEST]),
            specs.FAIRNESS_INDICATOR_THRESHOLDS_KEY: "null",
            "task": LINES,
            "gate": gate_to_json(gate),
        },
    )
    return time.monotonic() - started


def measure(model: Path, baseline: Path | None, source: Path, lines: int) -> dict[str, float]:
    """Evaluates so many lines and tells where the time went."""
    clock = ModelClock()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        repeat_examples(source, root / "examples", lines)
        Path("/proc/self/clear_refs").write_text("5")  # the peak of memory begins here
        seconds = evaluate(model, baseline, root / "examples", root)
    return {
        "seconds": round(seconds, 1),
        "in_models": round(clock.seconds, 1),
        "share_in_models": round(clock.seconds / seconds, 3),
        "peak_mib": round(peak_mib()),
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", type=Path, required=True, help="folder of a Model artifact")
    parser.add_argument("--baseline", type=Path, help="folder of another one")
    parser.add_argument("--examples", type=Path, required=True, help="of transformed examples")
    parser.add_argument("--lines", type=int, default=10_000)
    arguments = parser.parse_args()
    models = arguments.model, arguments.baseline
    result = {
        "benchmark": "evaluation",
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": describe_commit(),
        "machine": describe_machine(),
        "command": hide_folders(["python", *sys.argv]),
        "lines": arguments.lines,
        "start": measure(*models, arguments.examples, 1),
        "whole": measure(*models, arguments.examples, arguments.lines),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
