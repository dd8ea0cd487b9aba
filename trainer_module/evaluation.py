"""Loss and error on the validation split, as the epochs go by."""

import keras
import tensorflow as tf

from schema.alphabet import BLANK, Alphabet
from trainer_module.loss import CtcLoss
from trainer_module.tasks.base import ValidationResult
from transforms.ctc import decode_greedy
from transforms.edit_distance import count_edits


class LineValidator:
    """Reads the validation lines with a network: corpus CER.

    Args:
      model: the network.
      batches: as `input_pipeline.evaluation_batches` makes them.
      alphabet: decodes its classes.
    """

    def __init__(self, model: keras.Model, batches: tf.data.Dataset, alphabet: Alphabet) -> None:
        self._batches, self._alphabet, loss = batches, alphabet, CtcLoss(reduction="sum")

        @tf.function(input_signature=batches.element_spec)
        def read(inputs: dict[str, tf.Tensor], labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            logits = model(inputs, training=False)
            return loss(labels, logits), decode_greedy(logits)[0]

        self._read = read

    def validate(self) -> ValidationResult:
        """Reads every line once."""
        loss = edits = characters = lines = 0.0
        for inputs, labels in self._batches:
            batch_loss, classes = self._read(inputs, labels)
            loss += float(batch_loss)
            lines += len(labels)
            for label, reading in zip(labels.numpy(), classes.numpy(), strict=True):
                counts = count_edits(
                    self._alphabet.decode(label[label != BLANK]),
                    self._alphabet.decode(reading[reading != BLANK]),
                )
                edits += counts.character_edits
                characters += counts.characters
        return ValidationResult(loss / lines, edits / characters)


class CharacterValidator:
    """Names the validation characters with a network: share of wrong ones.

    Args:
      model: the network.
      batches: as `character_input.evaluation_batches` makes them.
    """

    def __init__(self, model: keras.Model, batches: tf.data.Dataset) -> None:
        self._batches = batches
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")

        @tf.function(input_signature=batches.element_spec)
        def read(inputs: dict[str, tf.Tensor], classes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            logits = model(inputs, training=False)
            named = tf.argmax(logits, axis=-1, output_type=tf.int32)
            wrong = tf.reduce_sum(tf.cast(tf.not_equal(named, classes), tf.int32))
            return loss(classes, logits), wrong

        self._read = read

    def validate(self) -> ValidationResult:
        """Names every character once."""
        loss = wrong = characters = 0.0
        for inputs, classes in self._batches:
            batch_loss, batch_wrong = self._read(inputs, classes)
            loss += float(batch_loss)
            wrong += float(batch_wrong)
            characters += len(classes)
        return ValidationResult(loss / characters, wrong / characters)
