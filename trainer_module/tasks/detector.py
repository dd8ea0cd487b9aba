"""The task `detector`: a network that finds the lines of a page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import tensorflow as tf

from schema.alphabet import Alphabet
from serving.export import export_servable
from serving.line_detector import LineDetector
from trainer_module.detector_loss import DetectorLoss
from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.networks.fcn import STRIDE, Fcn
from trainer_module.page_input import count_pages, name_batch, training_batches, validation_pages
from trainer_module.page_validation import PageValidator
from trainer_module.share import WHOLE, Share
from trainer_module.task_names import DETECTOR
from trainer_module.tasks.base import SplitFiles
from trainer_module.variation import Variation


@dataclass(frozen=True)
class DetectorTask:
    """Lines of pages, found by `fcn`; it does not use the alphabet and variation of every task."""

    hyperparameters: FcnHyperparameters
    alphabet: Alphabet
    variation: Variation = field(default_factory=Variation)
    name: str = DETECTOR

    def count_batches(self, files: Sequence[str]) -> int:
        """Counts the batches of all crops of an epoch."""
        crops = count_pages(files) * self.hyperparameters.crops_of_page
        return -(-crops // self.hyperparameters.batch_size)

    def build_network(self) -> keras.Model:
        """Makes the network with new weights."""
        return Fcn(self.hyperparameters)

    def make_loss(self) -> keras.losses.Loss:
        """Makes the loss of cores and reaches."""
        return DetectorLoss()

    def training_batches(
        self,
        files: Sequence[str],
        seed: int,
        first_epoch: int,
        last_epoch: int,
        share: Share = WHOLE,
    ) -> tf.data.Dataset:
        """Makes batches of crops."""
        return training_batches(files, self.hyperparameters, seed, first_epoch, last_epoch, share)

    def name_batch(
        self, files: Sequence[str], seed: int, epoch: int, step: int, share: Share = WHOLE
    ) -> list[str]:
        """Returns the sample ids of the pages in one of these batches."""
        return name_batch(files, self.hyperparameters, seed, epoch, step, share)

    def make_validator(self, network: keras.Model, files: Sequence[str]) -> PageValidator:
        """Makes what measures F1 on whole pages."""
        return PageValidator(network, validation_pages(files))

    def export(
        self,
        network: keras.Model,
        folder: Path,
        model_card: dict[str, object],
        warmup_images: Sequence[bytes],
        files: SplitFiles,
    ) -> None:
        """Writes a `LineDetector`; nothing is fitted after the network."""
        detector = LineDetector(
            lambda pages: network(pages, training=False),
            STRIDE,
            [variable.value for variable in network.variables],
        )
        reads = "one page of handwriting, as PNG or JPEG of any size, to boxes of its lines"
        export_servable(detector, folder, None, {"reads": reads, **model_card}, warmup_images)
