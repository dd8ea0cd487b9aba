"""Everything that decides a run, as frozen records checked when they are made."""

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.ingest.lines import LineOptions
from pipeline.ingest.record_sources import RecordOptions
from schema.alphabet import LATIN, Alphabet
from schema.errors import InputError
from trainer_module.hyperparameters import LstmCtcHyperparameters
from transforms.synthesis_options import SynthesisOptions


@dataclass(frozen=True)
class GateOptions:
    """What a model must reach on the test lines to be pushed; rates are fractions.

    Args:
      max_cer, max_wer: value thresholds: a rate above is not pushed.
      cer_tolerance, wer_tolerance: change thresholds: how much higher than the latest blessed
        model's a rate may be.
      confidence_level: of the intervals reported with each rate.
    """

    max_cer: float = 0.25
    max_wer: float = 0.70
    cer_tolerance: float = 0.005
    wer_tolerance: float = 0.02
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        for name in ("max_cer", "max_wer", "cer_tolerance", "wer_tolerance"):
            if getattr(self, name) < 0:
                raise InputError(f"expected {name} >= 0, got {getattr(self, name)}: correct it")
        if not 0 < self.confidence_level < 1:
            raise InputError(
                f"expected 0 < confidence_level < 1, got {self.confidence_level}: correct it"
            )


@dataclass(frozen=True)
class PipelineConfig:
    """One run of the line pipeline.

    Args:
      dataset: where the lines come from, as in `pipeline.arguments`.
      data_dir: holds the data set.
      workspace: holds metadata, artifacts, pushed models and reports; made where absent.
      train_steps: batches to train on, rounded to whole epochs.
      seed: decides everything random.
      lines: what lines to make of glyphs, or how to read real ones.
      synthesis: how glyphs are set into a line.
      hyperparameters: of the network and its training.
      gate: what a model must reach to be pushed.
      alphabet: what the network can read.
    """

    dataset: str
    data_dir: Path
    workspace: Path
    train_steps: int
    seed: int
    lines: LineOptions | RecordOptions
    synthesis: SynthesisOptions = field(default_factory=SynthesisOptions)
    hyperparameters: LstmCtcHyperparameters = field(default_factory=LstmCtcHyperparameters)
    gate: GateOptions = field(default_factory=GateOptions)
    alphabet: Alphabet = LATIN

    def __post_init__(self) -> None:
        if self.train_steps < 1:
            raise InputError(f"expected train_steps >= 1, got {self.train_steps}: correct it")
        if not self.workspace.is_absolute() or not self.data_dir.is_absolute():
            raise InputError(
                f"expected absolute folders, got {self.workspace} and {self.data_dir}: resolve them"
            )

    @property
    def synthetic(self) -> bool:
        """Whether the handwriting is made from fonts, which every figure must say."""
        return self.dataset == "sample"

    @property
    def task(self) -> str:
        """What is read: "lines"."""
        return "lines"

    @property
    def network(self) -> str:
        """The network's name."""
        return "lstm_ctc"

    @property
    def pipeline_name(self) -> str:
        """Models of one name are each other's baselines."""
        return f"{self.dataset}-{self.task}"

    @property
    def pipeline_root(self) -> Path:
        """Where TFX keeps the artifacts."""
        return self.workspace / "artifacts" / self.pipeline_name

    @property
    def metadata_path(self) -> Path:
        """The ML Metadata database."""
        return self.workspace / "metadata.sqlite"

    @property
    def serving_path(self) -> Path:
        """The base path that the model server watches; versions are its folders."""
        return self.workspace / "pushed" / self.pipeline_name

    @property
    def resume_path(self) -> Path:
        """Where interrupted trainings wait."""
        return self.workspace / "resume"

    @property
    def reports_path(self) -> Path:
        """Where reports are written."""
        return self.workspace / "reports"

    @property
    def logs_path(self) -> Path:
        """Where the full logs go."""
        return self.workspace / "logs"
