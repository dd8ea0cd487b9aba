"""Watches the loss of every batch: nothing is trained on silently once it is not finite."""

import logging
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras

from schema.errors import InputError
from trainer_module.loss import CtcLoss

_log = logging.getLogger(__name__)


class LossGuard(keras.callbacks.Callback):
    """Stops when the loss is not finite, and tells when a slower kernel had to compute it.

    Args:
      loss: what the network is trained with.
      name_batch: tells the sample ids of a batch, by epoch and step, both from 0.

    Raises:
      InputError: the loss is not finite, not by any kernel; the batch's samples are named.
    """

    def __init__(
        self, loss: keras.losses.Loss, name_batch: Callable[[int, int], Sequence[str]]
    ) -> None:
        super().__init__()
        self._loss, self._name_batch = loss, name_batch
        self._epoch = self._fallbacks = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remembers which epoch it is."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the mean loss of the epoch so far, which stays what it is once not finite."""
        loss = float((logs or {})["loss"])
        if not math.isfinite(loss):
            raise InputError(
                f"expected a finite loss, got {loss} in step {batch + 1} of epoch "
                f"{self._epoch + 1}, on {self._names(batch)}: lower the learning rate with --set "
                "learning_rate=..., or take these samples out, then run again"
            )
        if isinstance(self._loss, CtcLoss) and self._loss.fallbacks > self._fallbacks:
            self._fallbacks = self._loss.fallbacks
            _log.warning(
                "the fast CTC kernel gave no finite loss or gradient in step %d of epoch %d, on "
                "%s: computed by the slow one, %d times so far",
                *(batch + 1, self._epoch + 1, self._names(batch), self._fallbacks),
            )

    def _names(self, batch: int) -> str:
        return ", ".join(self._name_batch(self._epoch, batch))
