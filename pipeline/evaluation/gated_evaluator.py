"""The Evaluator that blesses nothing by accident: what TFX's leaves open is looked at first.

Stage 5 makes it. TFX's Evaluator measures; here it is made sure that both models can be measured
and that the test split shares nothing with what was learned from. The verdict lies beside the
evaluation, and its reason on the blessing in ML Metadata.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from tensorflow_model_analysis.proto import config_pb2
from tfx.components import Evaluator
from tfx.components.evaluator import constants
from tfx.components.evaluator.executor import Executor
from tfx.dsl.components.base import executor_spec
from tfx.dsl.io import fileio
from tfx.types import Channel, artifact_utils, standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.types.artifact import Artifact
from tfx.types.component_spec import ExecutionParameter
from tfx.utils import io_utils, json_utils, path_utils

from pipeline.buckets.shared_folder import SharedFolder
from pipeline.evaluation.judge import judge
from pipeline.evaluation.measurable import find_flaw
from pipeline.evaluation.overlap import Overlap, find_overlap
from pipeline.evaluation.small_batches import custom_extractors
from pipeline.evaluation.verdict import Verdict, write_verdict
from pipeline.gate import ABSOLUTE, Gate, gate_from_json, gate_to_json
from pipeline.run_result import Baseline
from pipeline.tasks import TASKS, Task
from schema.splits import TEST

REASON_PROPERTY = "reason"
"""Custom property of the ModelBlessing artifact: why the model may not be pushed."""

_TASK, _GATE = "task", "gate"

# TFX's executor looks a function up by its path.
_SMALL_BATCHES = {
    custom_extractors.__name__: f"{custom_extractors.__module__}.{custom_extractors.__name__}"
}


class GatedEvaluatorSpec(specs.EvaluatorSpec):
    """The Evaluator's, with what the gate is to know besides TFMA's configuration."""

    PARAMETERS: ClassVar = {
        **specs.EvaluatorSpec.PARAMETERS,
        _TASK: ExecutionParameter(type=str),
        _GATE: ExecutionParameter(type=str),
    }


class GatedExecutor(Executor):
    """The Evaluator's executor with the gate around it."""

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Looks at the models and the data, measures, and writes the verdict down."""
        task = TASKS[exec_properties[_TASK]]
        gate = gate_from_json(exec_properties[_GATE], task.gate)
        baseline = _look_at_baseline(input_dict, task)
        flaw = _find_flaw(input_dict, specs.MODEL_KEY, task)
        if flaw is None:
            measured = dict(input_dict)
            if baseline is not None and baseline.broken:
                del measured[specs.BASELINE_MODEL_KEY]
            super().Do(measured, output_dict, exec_properties | _SMALL_BATCHES)
            overlap = find_overlap(
                self._make_beam_pipeline,
                artifact_utils.get_single_uri(input_dict[specs.EXAMPLES_KEY]),
                self._get_tmp_dir(),
            )
            verdict = judge(
                artifact_utils.get_single_uri(output_dict[specs.EVALUATION_KEY]),
                gate,
                task.unit,
                baseline,
                tuple(_find_obstacles(baseline, overlap, gate, task)),
            )
        else:
            reason = f"the model cannot be measured: {flaw}"
            verdict = Verdict(False, (reason,), gate.confidence_level, baseline=baseline)
        _write_down(verdict, input_dict, output_dict)


def _find_flaw(inputs: dict[str, list[Artifact]], key: str, task: Task) -> str | None:
    model = artifact_utils.get_single_instance(inputs[key])
    examples = artifact_utils.get_single_uri(inputs[specs.EXAMPLES_KEY])
    return find_flaw(path_utils.serving_model_path(model.uri), task.prediction, examples)


def _look_at_baseline(inputs: dict[str, list[Artifact]], task: Task) -> Baseline | None:
    if not inputs.get(specs.BASELINE_MODEL_KEY):
        return None
    artifact = artifact_utils.get_single_instance(inputs[specs.BASELINE_MODEL_KEY])
    flaw = _find_flaw(inputs, specs.BASELINE_MODEL_KEY, task)
    return Baseline(artifact.id, artifact.uri, flaw)


def _find_obstacles(
    baseline: Baseline | None, overlap: Overlap, gate: Gate, task: Task
) -> Iterator[str]:
    """Yields what speaks against a push whatever is measured."""
    if overlap:
        yield overlap.describe(task.unit)
    if baseline is not None and baseline.broken and gate.broken_baseline != ABSOLUTE:
        yield (
            f"the model that serves (model {baseline.model_id}) cannot be compared with: "
            f"{baseline.broken}; --set broken_baseline={ABSOLUTE} lets the limits alone decide"
        )


def _write_down(
    verdict: Verdict, inputs: dict[str, list[Artifact]], outputs: dict[str, list[Artifact]]
) -> None:
    """Writes the verdict beside the evaluation, and makes the blessing follow it."""
    evaluation = artifact_utils.get_single_uri(outputs[specs.EVALUATION_KEY])
    with SharedFolder(evaluation).put() as folder:
        write_verdict(verdict, folder)
    model = artifact_utils.get_single_instance(inputs[specs.MODEL_KEY])
    blessing = artifact_utils.get_single_instance(outputs[specs.BLESSING_KEY])
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri
    )
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY,
        constants.BLESSED_VALUE if verdict.blessed else constants.NOT_BLESSED_VALUE,
    )
    if verdict.reason:
        blessing.set_string_custom_property(REASON_PROPERTY, verdict.reason)
    right, wrong = constants.BLESSED_FILE_NAME, constants.NOT_BLESSED_FILE_NAME
    if not verdict.blessed:
        right, wrong = wrong, right
    if fileio.exists(taken_back := f"{blessing.uri}/{wrong}"):
        fileio.remove(taken_back)
    io_utils.write_string_file(f"{blessing.uri}/{right}", "")


class GatedEvaluator(Evaluator):
    """TFX's Evaluator with the gate around its executor.

    Args:
      examples: the transformed examples.
      model: the candidate.
      baseline_model: what it is compared with; may have no artifact yet.
      eval_config: what is measured.
      task: what is read.
      gate: what the model is held to.
    """

    SPEC_CLASS = GatedEvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(GatedExecutor)

    def __init__(
        self,
        examples: Channel,
        model: Channel,
        baseline_model: Channel,
        eval_config: config_pb2.EvalConfig,
        task: Task,
        gate: Gate,
    ) -> None:
        spec = GatedEvaluatorSpec(
            examples=examples,
            model=model,
            baseline_model=baseline_model,
            eval_config=eval_config,
            example_splits=json_utils.dumps([TEST]),
            fairness_indicator_thresholds=json_utils.dumps(None),
            evaluation=Channel(type=standard_artifacts.ModelEvaluation),
            blessing=Channel(type=standard_artifacts.ModelBlessing),
            task=task.name,
            gate=gate_to_json(gate),
        )
        # Past Evaluator, which would make a specification of its own.
        super(Evaluator, self).__init__(spec=spec)
