"""Loss and error on the validation split, as the epochs go by."""

import keras
import numpy as np
import tensorflow as tf

from schema.alphabet import BLANK, Alphabet
from trainer_module.loss import CtcLoss
from trainer_module.networks.stem import IMAGE, WIDTH
from trainer_module.tasks.base import ValidationResult
from trainer_module.tracking.tracker import ExampleReading
from transforms.ctc import decode_greedy
from transforms.edit_distance import count_edits
from transforms.tracing import traced

SHOWN = 8
"""Examples that trackers show as they are read."""


class LineValidator:
    """Reads the validation lines with a network: corpus CER.

    Args:
      model: the network.
      batches: as `input_pipeline.evaluation_batches` makes them.
      alphabet: decodes its classes.
    """

    def __init__(self, model: keras.Model, batches: tf.data.Dataset, alphabet: Alphabet) -> None:
        self._batches, self._alphabet, loss = batches, alphabet, CtcLoss(reduction="sum")

        @traced(input_signature=batches.element_spec)
        def read(inputs: dict[str, tf.Tensor], labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            logits = model(inputs, training=False)
            return loss(labels, logits), decode_greedy(logits)[0]

        self._read = read

    def validate(self) -> ValidationResult:
        """Reads every line once."""
        loss = edits = characters = lines = 0.0
        shown: list[ExampleReading] = []
        for inputs, labels in self._batches:
            batch_loss, classes = self._read(inputs, labels)
            if not shown:
                shown = self._show(inputs, labels.numpy(), classes.numpy())
            loss += float(batch_loss)
            lines += len(labels)
            for label, reading in zip(labels.numpy(), classes.numpy(), strict=True):
                counts = count_edits(
                    self._alphabet.decode(label[label != BLANK]),
                    self._alphabet.decode(reading[reading != BLANK]),
                )
                edits += counts.character_edits
                characters += counts.characters
        return ValidationResult(loss / lines, edits / characters, tuple(shown))

    def _show(
        self, inputs: dict[str, tf.Tensor], labels: np.ndarray, classes: np.ndarray
    ) -> list[ExampleReading]:
        lines, widths = inputs[IMAGE][:SHOWN].numpy(), inputs[WIDTH][:SHOWN].numpy()
        return [
            ExampleReading(
                _as_picture(line[:, :width, 0]),
                self._alphabet.decode(label[label != BLANK]),
                self._alphabet.decode(reading[reading != BLANK]),
            )
            for line, width, label, reading in zip(lines, widths, labels, classes, strict=False)
        ]


class CharacterValidator:
    """Names the validation characters with a network: share of wrong ones.

    Args:
      model: the network.
      batches: as `character_input.evaluation_batches` makes them.
      alphabet: names its classes.
    """

    def __init__(self, model: keras.Model, batches: tf.data.Dataset, alphabet: Alphabet) -> None:
        self._batches, self._alphabet = batches, alphabet
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")

        @traced(input_signature=batches.element_spec)
        def read(inputs: dict[str, tf.Tensor], classes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            logits = model(inputs, training=False)
            named = tf.argmax(logits, axis=-1, output_type=tf.int32)
            return loss(classes, logits), named

        self._read = read

    def validate(self) -> ValidationResult:
        """Names every character once."""
        loss = wrong = characters = 0.0
        shown: list[ExampleReading] = []
        for inputs, classes in self._batches:
            batch_loss, named = self._read(inputs, classes)
            loss += float(batch_loss)
            wrong += int(np.count_nonzero(named.numpy() != classes.numpy()))
            characters += len(classes)
            if not shown:
                shown = self._show(inputs[IMAGE][:SHOWN].numpy(), classes.numpy(), named.numpy())
        return ValidationResult(loss / characters, wrong / characters, tuple(shown))

    def _show(
        self, pictures: np.ndarray, classes: np.ndarray, named: np.ndarray
    ) -> list[ExampleReading]:
        symbols = self._alphabet.symbols
        return [
            ExampleReading(_as_picture(picture[:, :, 0]), symbols[truth], symbols[reading])
            for picture, truth, reading in zip(pictures, classes, named, strict=False)
        ]


def _as_picture(ink: np.ndarray) -> np.ndarray:
    """Turns float32 [h, w] in 0..1, ink bright, into uint8, ink dark."""
    return (255 - np.rint(255 * ink)).astype(np.uint8)
