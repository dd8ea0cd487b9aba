"""The task `characters`: networks that name a single character."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import tensorflow as tf

from schema.alphabet import Alphabet
from serving.character_reader import CharacterReader
from serving.export import export_servable
from trainer_module.character_input import (
    count_characters,
    evaluation_batches,
    name_batch,
    training_batches,
)
from trainer_module.evaluation import CharacterValidator
from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.hyperparameters.lenet import LenetHyperparameters
from trainer_module.hyperparameters.mlp import MlpHyperparameters
from trainer_module.networks.lenet import Lenet
from trainer_module.networks.mlp import Mlp
from trainer_module.networks.stem import IMAGE
from trainer_module.share import WHOLE, Share
from trainer_module.task_names import CHARACTERS
from trainer_module.tasks.base import SplitFiles
from trainer_module.variation import Variation

EVALUATION_BATCH = 512


@dataclass(frozen=True)
class CharactersTask:
    """Characters of an alphabet, named by `lenet` or `mlp`, whichever the record is of."""

    hyperparameters: Hyperparameters
    alphabet: Alphabet
    variation: Variation = field(default_factory=Variation)
    name: str = CHARACTERS

    def count_batches(self, files: Sequence[str]) -> int:
        """Counts full batches and the rest."""
        return -(-count_characters(files, self.alphabet) // self.hyperparameters.batch_size)

    def build_network(self) -> keras.Model:
        """Makes the network with new weights."""
        classes = len(self.alphabet.symbols)
        if isinstance(self.hyperparameters, LenetHyperparameters):
            return Lenet(self.hyperparameters, classes)
        if isinstance(self.hyperparameters, MlpHyperparameters):
            return Mlp(self.hyperparameters, classes)
        raise TypeError(f"no network names characters with {type(self.hyperparameters).__name__}")

    def make_loss(self) -> keras.losses.Loss:
        """Makes the cross-entropy over the symbols."""
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def training_batches(
        self,
        files: Sequence[str],
        seed: int,
        first_epoch: int,
        last_epoch: int,
        share: Share = WHOLE,
    ) -> tf.data.Dataset:
        """Makes shuffled batches."""
        return training_batches(
            files,
            self.alphabet,
            self.hyperparameters.batch_size,
            seed,
            range(first_epoch, last_epoch),
            self.variation.augmentation,
            share,
        )

    def name_batch(
        self, files: Sequence[str], seed: int, epoch: int, step: int, share: Share = WHOLE
    ) -> list[str]:
        """Returns the sample ids of one of these batches."""
        batch_size = self.hyperparameters.batch_size
        return name_batch(files, self.alphabet, batch_size, seed, epoch, step, share)

    def make_validator(self, network: keras.Model, files: Sequence[str]) -> CharacterValidator:
        """Makes what measures the share of wrong characters."""
        return CharacterValidator(
            network,
            evaluation_batches(files, self.alphabet, EVALUATION_BATCH),
            self.alphabet,
        )

    def export(
        self,
        network: keras.Model,
        folder: Path,
        model_card: dict[str, object],
        warmup_images: Sequence[bytes],
        files: SplitFiles,
    ) -> None:
        """Writes a `CharacterReader`; nothing is fitted after the network."""
        reader = CharacterReader(
            lambda images: network({IMAGE: images}, training=False),
            [variable.value for variable in network.variables],
            self.alphabet,
        )
        reads = "one handwritten character, as PNG or JPEG of any size, to its symbol"
        export_servable(
            reader, folder, self.alphabet, {"reads": reads, **model_card}, warmup_images
        )
