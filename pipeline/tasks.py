"""The tasks that the pipeline knows, as records that its stages read; light to import.

What the trainer does for each lies in `trainer_module.tasks`.
"""

from dataclasses import dataclass
from pathlib import Path

from pipeline.gate import CharacterGate, DetectorGate, Gate, LineGate
from schema import features
from serving.signatures import BOXES, CHARACTER, TEXT
from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.hyperparameters.lenet import LenetHyperparameters
from trainer_module.hyperparameters.line_cnn import LineCnnHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.hyperparameters.mlp import MlpHyperparameters
from trainer_module.task_names import CHARACTERS, DETECTOR, LINES


@dataclass(frozen=True)
class Task:
    """What is read.

    Args:
      name: as in `trainer_module.task_names`.
      networks: that can learn it, the default first.
      gate: the record of what a model must reach.
      schema_file: the curated schema of its ingested examples.
      preprocessing_fn: dotted name of what Transform runs.
      metrics: module and class of the TFMA metrics, which measure what the gate bounds and gather
        what the report shows.
      label: feature that holds the truth.
      prediction: output of the model that is held against it.
      slices: features whose values the metrics are told apart by.
      unit: what the test split is counted in.
    """

    name: str
    networks: tuple[str, ...]
    gate: type[Gate]
    schema_file: Path
    preprocessing_fn: str
    metrics: tuple[tuple[str, str], ...]
    label: str
    prediction: str
    slices: tuple[str, ...]
    unit: str


_READINGS = ("pipeline.evaluation.reading_samples", "ReadingSamples")

_LINES = Task(
    name=LINES,
    networks=(LstmCtcHyperparameters.network, LineCnnHyperparameters.network),
    gate=LineGate,
    schema_file=features.LINE_SCHEMA_FILE,
    preprocessing_fn="transforms.preprocessing.preprocessing_fn",
    metrics=(("pipeline.evaluation.error_rates", "ErrorRates"), _READINGS),
    label=features.TEXT,
    prediction=TEXT,
    slices=(
        features.VOCABULARY,
        features.SOURCE,
        features.WRITER,
        features.LENGTH_BAND,
        features.WIDTH_BAND,
        features.CHARACTER_KINDS,
    ),
    unit="lines",
)

# A character is ingested as a line of one glyph.
_CHARACTERS = Task(
    name=CHARACTERS,
    networks=(LenetHyperparameters.network, MlpHyperparameters.network),
    gate=CharacterGate,
    schema_file=features.LINE_SCHEMA_FILE,
    preprocessing_fn="transforms.preprocessing.preprocessing_fn",
    metrics=(("pipeline.evaluation.character_accuracy", "CharacterAccuracy"), _READINGS),
    label=features.TEXT,
    prediction=CHARACTER,
    slices=(features.SOURCE, features.WRITER, features.CHARACTER_KINDS),
    unit="characters",
)

_DETECTOR = Task(
    name=DETECTOR,
    networks=(FcnHyperparameters.network,),
    gate=DetectorGate,
    schema_file=features.PAGE_SCHEMA_FILE,
    preprocessing_fn="transforms.page_preprocessing.preprocessing_fn",
    metrics=(("pipeline.evaluation.line_detection", "LineDetection"),),
    label=features.LINE_BANDS,
    prediction=BOXES,
    slices=(features.SOURCE, features.WRITER),
    unit="pages",
)

TASKS = {task.name: task for task in (_LINES, _CHARACTERS, _DETECTOR)}
"""Task by name, the default first."""
