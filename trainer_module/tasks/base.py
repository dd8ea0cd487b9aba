"""What `train.py` and `run_fn.py` ask of a task."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import keras
import tensorflow as tf

from schema.alphabet import Alphabet
from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.share import WHOLE, Share
from trainer_module.tracking.tracker import ExampleReading


@dataclass(frozen=True)
class ValidationResult:
    """What the validation split says.

    Args:
      loss: mean, in nats an example.
      error: the task's, as a fraction, lower is better.
      readings: the first few examples as they were read.
    """

    loss: float
    error: float
    readings: tuple[ExampleReading, ...] = ()


@dataclass(frozen=True)
class SplitFiles:
    """Patterns of the transformed examples that a model may be made from."""

    train: Sequence[str]
    validation: Sequence[str]


class Validator(Protocol):
    """Measures a network on the validation split."""

    def validate(self) -> ValidationResult:
        """Looks at every example once."""


class TrainingTask(Protocol):
    """Lines, characters or pages, with one network and its hyperparameters."""

    @property
    def name(self) -> str:
        """As in `trainer_module.task_names`."""

    @property
    def hyperparameters(self) -> Hyperparameters:
        """Of network and training."""

    @property
    def alphabet(self) -> Alphabet:
        """The symbols that the network tells apart."""

    def count_batches(self, files: Sequence[str]) -> int:
        """Looks at a split and returns the batches of one pass.

        Raises:
          InputError: it is empty, or has examples that cannot be learned; samples are named.
        """

    def build_network(self) -> keras.Model:
        """Makes the network with new weights.

        It has `trunk`, its layers from the picture upwards, `classify`, its last layer (None where
        it tells no symbols apart), and `reseed(*numbers)`, which lets dropout go on from two whole
        numbers.
        """

    def make_loss(self) -> keras.losses.Loss:
        """Makes the loss that the network is trained with."""

    def training_batches(
        self,
        files: Sequence[str],
        seed: int,
        first_epoch: int,
        last_epoch: int,
        share: Share = WHOLE,
    ) -> tf.data.Dataset:
        """Makes the batches of some epochs, each decided by the seed and its number alone.

        A share of them is one machine's: batches of `batch_size` out of its part of the examples.
        """

    def name_batch(
        self, files: Sequence[str], seed: int, epoch: int, step: int, share: Share = WHOLE
    ) -> Sequence[str]:
        """Returns the sample ids of one of these batches; epoch and step count from 0."""

    def make_validator(self, network: keras.Model, files: Sequence[str]) -> Validator:
        """Makes what measures the network on the validation split."""

    def export(
        self,
        network: keras.Model,
        folder: Path,
        model_card: dict[str, object],
        warmup_images: Sequence[bytes],
        files: SplitFiles,
    ) -> None:
        """Fits what is fitted after the network, and writes the servable SavedModel."""
