"""The learning curve as a record; apart from the training, so that readers of it stay light."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """One pass over the training lines; losses in nats a line, CER as a fraction.

    Args:
      number: from 1.
      learning_rate: at its last step.
    """

    number: int
    loss: float
    validation_loss: float
    validation_cer: float
    seconds: float
    learning_rate: float
