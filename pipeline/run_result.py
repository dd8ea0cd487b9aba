"""What one pipeline run came to: the record behind the JSON line and the HTML report."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.estimate import Estimate
from pipeline.gate import Gate, is_lower_better
from pipeline.pages.result import PagePush
from pipeline.span_check.comparison import SpanComparison
from trainer_module.history import Epoch
from trainer_module.reliability import Reliability
from transforms.calibration import ReliabilityBin


@dataclass(frozen=True)
class StageRun:
    """One stage of the run.

    Args:
      name: the component's id, as in "Trainer".
      state: "ran", "cached", "failed" or "skipped".
      seconds: wall-clock time; 0 for a cached or skipped stage.
    """

    name: str
    state: str
    seconds: float


@dataclass(frozen=True)
class MetricResult:
    """A metric on the test split, overall or on one slice.

    Args:
      name: as in `pipeline.gate`, fractions where 0.05 is 5 %.
      slice_name: "" for all examples, else as in "vocabulary: unseen".
      examples: how many lines or characters the figure rests on.
      units: how many of them are independent of each other, such as writers; counted up to 1,000.
      candidate: this run's model.
      baseline: the model that serves, on the same examples, None when there is none yet.
      change: candidate less baseline, compared example by example, None without a baseline.
      bound: the worst value that may be pushed, None when the metric is not gated; on a slice the
        end of its interval counts.
      tolerance: how much worse than the baseline it may be, None when it is not gated.
      refused: whether the gate found it wanting.
    """

    name: str
    slice_name: str
    examples: int
    candidate: Estimate
    units: int = 0
    baseline: Estimate | None = None
    change: Estimate | None = None
    bound: float | None = None
    tolerance: float | None = None
    refused: bool = False

    @property
    def lower_is_better(self) -> bool:
        """Whether small values are good."""
        return is_lower_better(self.name)


@dataclass(frozen=True)
class Baseline:
    """The model that was compared with, or was to be.

    Args:
      model_id: of its artifact in ML Metadata.
      uri: where the artifact lies.
      broken: why it could not be measured, None where it was.
    """

    model_id: int
    uri: str
    broken: str | None = None


@dataclass(frozen=True)
class Confusion:
    """A character that was read as another one.

    Args:
      truth: the character; empty where one was read that is not there.
      reading: what was read; empty where the character was missed.
      count: how often the candidate did.
      baseline: how often the baseline did, None without one.
    """

    truth: str
    reading: str
    count: int
    baseline: int | None = None


@dataclass(frozen=True)
class ReadingPair:
    """A test example as candidate and baseline read it; confidences in 0..1.

    `edits` are Levenshtein distances in characters; those of the baseline are None without one.
    `worst` tells those that were kept for being read worst from those drawn at random.
    """

    sample_id: str
    truth: str
    reading: str
    confidence: float
    edits: int
    baseline_reading: str | None = None
    baseline_edits: int | None = None
    worst: bool = False


@dataclass(frozen=True)
class Reading:
    """A test example as the model read it: PNG bytes, truth, reading, confidence in 0..1.

    Of pages, truth and reading tell of lines, and `edits` counts those missed and boxes on none.
    """

    sample_id: str
    image_png: bytes
    truth: str
    reading: str
    confidence: float
    edits: int  # Levenshtein distance in characters
    overlay: bytes | None = None  # the picture with what was found drawn over it
    baseline_reading: str | None = None
    baseline_edits: int | None = None
    worst: bool = False  # kept for being read worst, not drawn at random


@dataclass(frozen=True)
class LineageEntry:
    """An artifact that led to the pushed model: who made what, from what, where it lies."""

    artifact_id: int
    type_name: str
    uri: str
    producer: str
    inputs: tuple[int, ...] = ()  # artifact ids


@dataclass(frozen=True)
class ServedReading:
    """The question put to the model server after the push, answered over both protocols."""

    image_path: Path
    truth: str
    rest_reading: str
    rest_confidence: float
    grpc_reading: str
    grpc_confidence: float


@dataclass(frozen=True)
class SplitSummary:
    """What went into one split."""

    name: str
    examples: int
    characters: int
    glyphs: int
    duplicates_dropped: int


@dataclass(frozen=True)
class RunResult:
    """Everything that the JSON line and the report tell of one run."""

    pipeline: str
    run_id: str
    dataset: str
    unit: str  # what the test split is counted in: "lines" or "characters"
    error_name: str  # what the learning curve shows, as in "CER"
    synthetic: bool  # the figures rest on synthetic handwriting: every page must say so
    command: str
    blessed: bool
    pushed: Path | None
    reasons: tuple[str, ...]  # why it was not blessed or not pushed
    confidence_level: float = 0.95  # of all intervals
    gate: Gate | None = None  # what the model was held to
    baseline: Baseline | None = None  # the model compared with
    metrics: tuple[MetricResult, ...] = ()
    stages: tuple[StageRun, ...] = ()
    splits: tuple[SplitSummary, ...] = ()
    readings: tuple[Reading, ...] = ()
    learning_curve: tuple[Epoch, ...] = ()
    lineage: tuple[LineageEntry, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)  # versions, seed, parameters, ...
    served: ServedReading | None = None
    span: SpanComparison | None = None  # the data against what was trained on before
    published: str | None = None  # the address of what was pushed, where it went to a bucket
    pages: PagePush | None = None  # what came of the page servable that holds the pushed model
    reliability: Reliability | None = None  # of a line model's confidences, on validation lines
    confusions: tuple[Confusion, ...] = ()  # on test examples, the commonest first
    calibration: tuple[ReliabilityBin, ...] = ()  # of confidences, on test examples
    search: dict[str, Any] | None = None  # what a search before the training came to

    @property
    def reason(self) -> str | None:
        """The reasons in one line, None where there is none."""
        return "; ".join(self.reasons) or None
