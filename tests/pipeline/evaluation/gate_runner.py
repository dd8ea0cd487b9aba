"""Runs the gate's executor, as the pipeline does, on small models and lists of texts."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.artifact import Artifact
from tfx.types.artifact_utils import encode_split_names
from tfx.types.standard_artifacts import Model, ModelBlessing
from tfx.utils import json_utils, proto_utils

from pipeline.buckets.shared_folder import SharedFolder
from pipeline.evaluation.eval_config import make_eval_config
from pipeline.evaluation.gated_evaluator import GatedExecutor
from pipeline.evaluation.verdict import VERDICT_FILE, Verdict, read_verdict
from pipeline.gate import LineGate, gate_to_json
from pipeline.pipeline import BEAM_ARGS
from pipeline.tasks import TASKS
from schema import features
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION
from serving.signatures import CONFIDENCE, SERVING_EXAMPLES, TEXT
from trainer_module.task_names import LINES

VOCABULARIES = (features.SEEN, features.UNSEEN)


@dataclass(frozen=True)
class Judgement:
    """What the executor left behind."""

    verdict: Verdict
    blessing: Artifact
    evaluation: str


def export_reader(
    folder: Path | str, seen: int, unseen: int | None = None, signature: str = SERVING_EXAMPLES
) -> Path | str:
    """Writes a model that reads the truth with the first letters wrong.

    Args:
      folder: of the Model artifact, or its URI.
      seen: how many letters, on lines of known words.
      unseen: on the other lines; the same where it is None.
      signature: the name that the model answers to.
    """
    wrong = {features.SEEN: seen, features.UNSEEN: seen if unseen is None else unseen}

    class Reader(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
        def read(self, examples):
            keys = (features.TEXT, features.VOCABULARY)
            spec = {key: tf.io.FixedLenFeature([], tf.string) for key in keys}
            parsed = tf.io.parse_example(examples, spec)
            truth, vocabulary = parsed[features.TEXT], parsed[features.VOCABULARY]
            texts = [
                tf.strings.regex_replace(truth, f"^.{{0,{wrong[each]}}}", "#" * wrong[each])
                for each in VOCABULARIES
            ]
            text = tf.where(vocabulary == features.SEEN, *texts)
            return {TEXT: text, CONFIDENCE: tf.fill(tf.shape(text), 0.5)}

    reader = Reader()
    tf.saved_model.save(reader, f"{folder}/Format-Serving", signatures={signature: reader.read})
    return folder


def write_split(folder: str, split: str, truths: list[str], pictures: list[str]) -> None:
    """Writes lines that take turns in their vocabulary; the picture is any text, encoded."""
    path = f"{folder}/Split-{split}"
    tf.io.gfile.makedirs(path)
    with tf.io.TFRecordWriter(f"{path}/lines.gz", "GZIP") as writer:
        for number, (truth, picture) in enumerate(zip(truths, pictures, strict=True)):
            name = f"{split}/{number:06d}"
            values = {
                features.TEXT: truth,
                features.VOCABULARY: VOCABULARIES[number % 2],
                features.SAMPLE_ID: name,
                features.CLUSTER: name,
                features.IMAGE: picture,
                features.GLYPHS: "",
                features.SOURCE: "drawn",
                features.WRITER: "",
                features.LENGTH_BAND: "11-30",
                features.WIDTH_BAND: "1-200",
                features.CHARACTER_KINDS: "lower",
            }
            example = tf.train.Features(
                feature={
                    key: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
                    for key, value in values.items()
                }
            )
            writer.write(tf.train.Example(features=example).SerializeToString())


def run_gate(
    root: Path | str,
    candidate: Path | str,
    baseline: Path | str | None,
    truths: list[str],
    gate: LineGate,
    shared_pictures: int = 0,
    beam_args: tuple[str, ...] = BEAM_ARGS,
) -> Judgement:
    """Judges a model.

    Args:
      root: a folder, or its URI, where others are made.
      candidate: folder of its Model artifact.
      baseline: that of the model that serves.
      truths: test lines.
      gate: what the candidate is held to.
      shared_pictures: how many of the test lines have a picture that training lines have too.
      beam_args: where it runs.
    """
    root = f"{root}/{uuid.uuid4().hex}"
    examples = _artifact(standard_artifacts.Examples, f"{root}/examples")
    examples.split_names = encode_split_names(list(SPLITS))
    pictures = [f"picture {number}" for number in range(len(truths))]
    write_split(examples.uri, TEST, truths, pictures)
    write_split(examples.uri, TRAIN, ["other"] * shared_pictures, pictures[:shared_pictures])
    write_split(examples.uri, VALIDATION, ["more"], ["another picture"])
    given = {
        standard_component_specs.EXAMPLES_KEY: [examples],
        standard_component_specs.MODEL_KEY: [_artifact(Model, candidate)],
    }
    if baseline is not None:
        given[standard_component_specs.BASELINE_MODEL_KEY] = [_artifact(Model, baseline)]
    evaluation = _artifact(standard_artifacts.ModelEvaluation, f"{root}/evaluation")
    blessing = _artifact(ModelBlessing, f"{root}/blessing")
    context = GatedExecutor.Context(
        beam_pipeline_args=list(beam_args), tmp_dir=f"{root}/tmp", unique_id="1"
    )
    executor = GatedExecutor(context)
    executor.Do(
        given,
        {
            standard_component_specs.EVALUATION_KEY: [evaluation],
            standard_component_specs.BLESSING_KEY: [blessing],
        },
        {
            standard_component_specs.EVAL_CONFIG_KEY: proto_utils.proto_to_json(
                make_eval_config(TASKS[LINES], gate, version="1")
            ),
            standard_component_specs.EXAMPLE_SPLITS_KEY: json_utils.dumps([TEST]),
            standard_component_specs.FAIRNESS_INDICATOR_THRESHOLDS_KEY: "null",
            "task": LINES,
            "gate": gate_to_json(gate),
        },
    )
    with SharedFolder(evaluation.uri).take(VERDICT_FILE) as folder:
        return Judgement(read_verdict(folder), blessing, evaluation.uri)


def _artifact(kind: type[Artifact], uri: Path | str) -> Artifact:
    made = kind()
    made.uri = str(uri)
    return made
