"""What happens while Keras fits: a progress bar, and the end of each epoch."""

import dataclasses
import math
import sys
import time
from typing import Any

import keras
from tqdm import tqdm

from trainer_module.history import Epoch
from trainer_module.tasks.base import Validator
from trainer_module.tracking.tracker import NoTracker, Tracker
from trainer_module.training_state import TrainingState


class EndOfEpoch(keras.callbacks.Callback):
    """Validates, keeps the state, and stops when the validation error no longer falls.

    Args:
      validator: measures the network on the validation split.
      state: keeps weights and history.
      patience: epochs without a better one after which training stops.
      seed: with the epoch's number it decides dropout.
      tracker: is told of each epoch once it is kept.
    """

    def __init__(
        self,
        validator: Validator,
        state: TrainingState,
        patience: int,
        seed: int,
        tracker: Tracker | None = None,
    ) -> None:
        super().__init__()
        self._validator, self._state, self._tracker = validator, state, tracker or NoTracker()
        self._patience, self._seed = patience, seed
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock and seeds dropout."""
        self.model.reseed(self._seed, epoch)
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Records the epoch."""
        loss = float((logs or {})["loss"])
        result = self._validator.validate()
        record = Epoch(
            number=epoch + 1,
            loss=loss,
            validation_loss=result.loss,
            validation_error=result.error,
            seconds=time.monotonic() - self._started,
            learning_rate=float(self.model.optimizer.learning_rate),
        )
        self._state.save(self.model, record)
        self._tracker.epoch(record, result.readings)
        best = self._state.best
        if best is not None and record.number - best.number >= self._patience:
            self.model.stop_training = True


class Progress(keras.callbacks.Callback):
    """A bar over all steps with loss and validation error, on standard error.

    Args:
      steps: steps of the whole training.
      steps_done: those of an earlier, interrupted run.
      state: tells the latest validation error.
      error_name: what that is called, as in "CER".
    """

    def __init__(self, steps: int, steps_done: int, state: TrainingState, error_name: str) -> None:
        super().__init__()
        self._state, self._error_name = state, error_name
        self._bar = tqdm(
            total=steps,
            initial=steps_done,
            desc="training",
            unit="step",
            leave=False,
            disable=None,
        )

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Moves on by one step."""
        shown = {"loss": f"{(logs or {}).get('loss', math.nan):.2f}"}
        if self._state.history:
            shown[self._error_name] = f"{self._state.history[-1].validation_error:.2%}"
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Leaves a line that stays."""
        record = dataclasses.asdict(self._state.history[-1])
        tqdm.write(
            "epoch {number}: loss {loss:.2f}, validation loss {validation_loss:.2f}, "
            "validation {error_name} {validation_error:.2%}, {seconds:.0f} s".format(
                error_name=self._error_name, **record
            ),
            file=sys.stderr,
        )

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Closes the bar."""
        self._bar.close()
