"""Loss and CER on the validation split, as the epochs go by."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from schema.alphabet import BLANK, Alphabet
from trainer_module.loss import CtcLoss
from transforms.ctc import decode_greedy
from transforms.edit_distance import count_edits


@dataclass(frozen=True)
class ValidationResult:
    """Mean loss in nats a line, and corpus CER as a fraction."""

    loss: float
    cer: float


class Validator:
    """Reads the validation lines with a network.

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
