"""The learning curve as a record; apart from the training, so that readers of it stay light."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """One pass over the training examples; losses in nats an example, the error as a fraction.

    Args:
      number: from 1.
      learning_rate: at its last step.
    """

    number: int
    loss: float
    validation_loss: float
    validation_error: float
    seconds: float
    learning_rate: float
