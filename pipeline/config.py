"""Everything that decides a run, as frozen records checked when they are made."""

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.buckets.address import BucketAddress
from pipeline.buckets.artifacts import Artifacts
from pipeline.database import Database, ServerDatabase
from pipeline.gate import Gate
from pipeline.ingest.characters import CharacterOptions
from pipeline.ingest.lines import LineOptions
from pipeline.ingest.page_plan import PageOptions
from pipeline.ingest.record_sources import RecordOptions
from pipeline.span_check.options import SpanCheckOptions
from pipeline.tasks import Task
from pipeline.workspace import Workspace
from schema.alphabet import LATIN, Alphabet
from schema.errors import InputError
from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.hyperparameters.space import Space, check_space
from trainer_module.tracking.choice import TrackingChoice
from trainer_module.tuning.options import Limits
from transforms.augmentation_options import AugmentationOptions
from transforms.synthesis_options import SynthesisOptions


@dataclass(frozen=True)
class SearchSettings:
    """A search for hyperparameters before the training.

    Args:
      algorithm: one of `trainer_module.tuning.study.ALGORITHMS`.
      space: what is varied.
      limits: how long, and how many trainings at once.
    """

    algorithm: str
    space: Space
    limits: Limits


@dataclass(frozen=True)
class PipelineConfig:
    """One run of the pipeline.

    Args:
      task: what is read.
      dataset: where the examples come from, as in `pipeline.arguments`.
      data_dir: holds the data set.
      workspace: holds metadata, artifacts, pushed models and reports; made where absent.
      train_steps: batches to train on, rounded to whole epochs.
      seed: decides everything random.
      data: what to make of glyphs, or how to read real lines.
      hyperparameters: of the network, which they name, and its training.
      gate: what a model must reach to be pushed.
      synthesis: how glyphs are set into a line.
      augmentation: how much training pictures are disturbed.
      alphabet: what the network can read.
      span_check: what becomes of data that is unlike the last.
      warm_start: an exported model whose layers training begins with.
      search: whose best hyperparameters the training takes; None takes them as they are.
      tracking: who is told how the training goes.
      metadata: where the lineage is kept; None leaves it where the workspace has it.
      artifacts_in: the bucket that the artifacts are kept in; None leaves them where the workspace
        has them.
    """

    task: Task
    dataset: str
    data_dir: Path
    workspace: Path
    train_steps: int
    seed: int
    data: LineOptions | RecordOptions | CharacterOptions | PageOptions
    hyperparameters: Hyperparameters
    gate: Gate
    synthesis: SynthesisOptions = field(default_factory=SynthesisOptions)
    augmentation: AugmentationOptions = field(default_factory=AugmentationOptions)
    alphabet: Alphabet = LATIN
    span_check: SpanCheckOptions = field(default_factory=SpanCheckOptions)
    warm_start: Path | None = None
    search: SearchSettings | None = None
    tracking: TrackingChoice = field(default_factory=TrackingChoice)
    metadata: ServerDatabase | None = None
    artifacts_in: BucketAddress | None = None

    def __post_init__(self) -> None:
        if self.train_steps < 1:
            raise InputError(f"expected train_steps >= 1, got {self.train_steps}: correct it")
        if self.network not in self.task.networks:
            raise InputError(
                f"expected a network of {', '.join(self.task.networks)} for --task "
                f"{self.task.name}, got {self.network}: choose one with --network"
            )
        for limit in self.gate.slice_limits:
            if limit.feature not in self.task.slices:
                raise InputError(
                    f"expected slice_limits of {', '.join(self.task.slices)} with --task "
                    f"{self.task.name}, got {limit.feature}: correct it"
                )
        if self.search is not None:
            check_space(self.search.space, self.hyperparameters)
        if not self.workspace.is_absolute() or not self.data_dir.is_absolute():
            raise InputError(
                f"expected absolute folders, got {self.workspace} and {self.data_dir}: resolve them"
            )

    @property
    def synthetic(self) -> bool:
        """Whether the handwriting is made from fonts, which every figure must say."""
        return self.dataset == "sample"

    @property
    def network(self) -> str:
        """The network's name."""
        return self.hyperparameters.network

    @property
    def pipeline_name(self) -> str:
        """Models of one name are each other's baselines."""
        return f"{self.dataset}-{self.task.name}"

    @property
    def pipeline_root(self) -> Path:
        """Where the artifacts are on this machine: all of them, or mirrors of a bucket's."""
        return self.artifacts.folder / self.pipeline_name

    @property
    def artifacts(self) -> Artifacts:
        """Where all artifacts are."""
        remembered = Workspace(self.workspace).artifacts
        return Artifacts(remembered.folder, self.artifacts_in or remembered.address)

    @property
    def artifact_root(self) -> str:
        """TFX's pipeline root: a folder, or an address of a bucket."""
        return self.artifacts.root(self.pipeline_name)

    @property
    def database(self) -> Database:
        """Of ML Metadata."""
        return self.metadata or Workspace(self.workspace).database

    @property
    def serving_path(self) -> Path:
        """The base path that the model server watches; versions are its folders."""
        return Workspace(self.workspace).pushed / self.pipeline_name

    @property
    def resume_path(self) -> Path:
        """Where interrupted trainings wait."""
        return self.workspace / "resume"

    @property
    def tuning_path(self) -> Path:
        """Where searches are kept."""
        return self.workspace / "tuning"

    @property
    def reports_path(self) -> Path:
        """Where reports are written."""
        return self.workspace / "reports"

    @property
    def logs_path(self) -> Path:
        """Where the full logs go."""
        return self.workspace / "logs"
