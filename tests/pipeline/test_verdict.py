"""The gate's word, read from what the Evaluator really writes on small lists of readings."""

import json
import tempfile
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.components.evaluator.executor import Executor
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.artifact_utils import encode_split_names
from tfx.types.standard_artifacts import Model, ModelBlessing
from tfx.utils import proto_utils

from pipeline.evaluation.eval_config import make_eval_config
from pipeline.evaluation.verdict import read_verdict
from pipeline.gate import LineGate
from pipeline.pipeline import BEAM_ARGS
from pipeline.tasks import TASKS
from schema import features
from schema.splits import TEST
from serving.signatures import SERVING_EXAMPLES
from trainer_module.task_names import LINES

pytestmark = pytest.mark.slow

TRUTHS = ["the cat sat", "on the mat", "and then it", "went to bed"] * 10


def export_reader(folder, wrong_letters):
    """Writes a model that reads the truth with its first letters wrong."""

    class Reader(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
        def read(self, examples):
            spec = {features.TEXT: tf.io.FixedLenFeature([], tf.string)}
            text = tf.io.parse_example(examples, spec)[features.TEXT]
            text = tf.strings.regex_replace(text, f"^.{{0,{wrong_letters}}}", "#" * wrong_letters)
            return {"text": text, "confidence": tf.ones_like(text, tf.float32)}

    reader = Reader()
    tf.saved_model.save(reader, str(folder), signatures={SERVING_EXAMPLES: reader.read})


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    root = tmp_path_factory.mktemp("readers")
    for wrong in (1, 2, 6):
        export_reader(root / str(wrong) / "Format-Serving", wrong)
    return {wrong: root / str(wrong) for wrong in (1, 2, 6)}


def artifact(kind, path):
    made = kind()
    made.uri = str(path)
    return made


def write_examples(truths, path):
    def feature(value):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))

    path.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(path / "lines.gz"), "GZIP") as writer:
        for number, truth in enumerate(truths):
            values = {features.TEXT: truth, features.VOCABULARY: ("seen", "unseen")[number % 2]}
            example = tf.train.Features(feature={key: feature(v) for key, v in values.items()})
            writer.write(tf.train.Example(features=example).SerializeToString())


@pytest.fixture
def judge(readers, tmp_path):
    """Runs TFMA as the Evaluator does and reads its word."""

    def run(candidate, baseline=None, truths=TRUTHS, **gate):
        options = LineGate(**({"max_cer": 0.5, "max_wer": 1.0} | gate))
        root = Path(tempfile.mkdtemp(dir=tmp_path))
        examples = artifact(standard_artifacts.Examples, root / "examples")
        examples.split_names = encode_split_names([TEST])
        write_examples(truths, root / "examples" / f"Split-{TEST}")
        given = {
            standard_component_specs.EXAMPLES_KEY: [examples],
            standard_component_specs.MODEL_KEY: [artifact(Model, readers[candidate])],
        }
        if baseline is not None:
            given[standard_component_specs.BASELINE_MODEL_KEY] = [
                artifact(Model, readers[baseline])
            ]
        outputs = {
            standard_component_specs.EVALUATION_KEY: [
                artifact(standard_artifacts.ModelEvaluation, root / "evaluation")
            ],
            standard_component_specs.BLESSING_KEY: [artifact(ModelBlessing, root / "blessing")],
        }
        properties = {
            standard_component_specs.EVAL_CONFIG_KEY: proto_utils.proto_to_json(
                make_eval_config(TASKS[LINES], options, version="1")
            ),
            standard_component_specs.EXAMPLE_SPLITS_KEY: json.dumps([TEST]),
            standard_component_specs.FAIRNESS_INDICATOR_THRESHOLDS_KEY: "null",
        }
        executor = Executor(Executor.Context(beam_pipeline_args=list(BEAM_ARGS)))
        executor.Do(given, outputs, properties)
        verdict = read_verdict(root / "evaluation", options)
        blessed = outputs[standard_component_specs.BLESSING_KEY][0].get_int_custom_property(
            "blessed"
        )
        assert bool(blessed) == verdict.blessed
        return verdict

    return run


def overall(verdict, name):
    return next(m for m in verdict.metrics if (m.name, m.slice_name) == (name, ""))


def test_without_baseline_the_bounds_decide_and_rates_are_right(judge):
    verdict = judge(1)
    assert verdict.blessed
    assert verdict.reason is None
    cer = overall(verdict, "cer")
    # One wrong letter a line: 4 of 11 + 10 + 11 + 11 characters.
    assert cer.candidate.value == pytest.approx(4 / 43)
    assert cer.candidate.lower <= cer.candidate.value <= cer.candidate.upper
    assert cer.examples == len(TRUTHS)
    assert cer.baseline is None
    assert {m.slice_name for m in verdict.metrics} == {
        "",
        "vocabulary: seen",
        "vocabulary: unseen",
    }


def test_above_the_bound_is_refused_and_said(judge):
    verdict = judge(6, max_cer=0.4)
    assert not verdict.blessed
    assert verdict.reason == "CER 55.81% is above the bound of 40.00%"


def test_better_and_equal_are_blessed(judge):
    assert judge(1, baseline=2).blessed
    equal = judge(1, baseline=1)
    assert equal.blessed
    assert overall(equal, "cer").baseline == overall(equal, "cer").candidate


def test_worse_than_the_baseline_is_refused_and_said(judge):
    verdict = judge(2, baseline=1)
    assert not verdict.blessed
    assert verdict.reason.startswith(
        "CER 18.60% is more than 0.50% above the 9.30% of the latest blessed model"
    )


def test_worse_within_the_tolerance_is_blessed(judge):
    assert judge(2, baseline=1, cer_tolerance=0.1).blessed


def test_an_empty_evaluation_set_is_no_perfect_score(judge):
    verdict = judge(1, truths=[])
    assert not verdict.blessed
    assert "empty" in verdict.reason


def test_lines_without_any_text_are_not_a_number_and_refused(judge):
    verdict = judge(1, truths=["", ""])
    assert not verdict.blessed
    assert "CER is not a number" in verdict.reason
