import math

import pytest

from schema.errors import InputError
from trainer_module.loss import CtcLoss
from trainer_module.loss_guard import LossGuard


def name_batch(epoch, step):
    return [f"train/{epoch}{step}0", f"train/{epoch}{step}1"]


@pytest.fixture
def guard():
    guard = LossGuard(CtcLoss(), name_batch)
    guard.on_epoch_begin(3)
    return guard


def test_a_finite_loss_passes_in_silence(guard, caplog):
    guard.on_train_batch_end(0, {"loss": 12.5})
    assert not caplog.records


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_any_other_stops_and_names_the_samples_of_the_batch(guard, loss):
    with pytest.raises(InputError, match=r"step 8 of epoch 4, on train/370, train/371") as error:
        guard.on_train_batch_end(7, {"loss": loss})
    assert "\n" not in str(error.value)


def test_each_fallback_is_logged_once_with_its_samples_and_counted(guard, caplog):
    guard._loss._fallbacks.assign(1)
    guard.on_train_batch_end(0, {"loss": 1.0})
    guard.on_train_batch_end(1, {"loss": 1.0})
    guard._loss._fallbacks.assign(2)
    guard.on_train_batch_end(2, {"loss": 1.0})
    first, second = (record.getMessage() for record in caplog.records)
    assert "train/300, train/301" in first
    assert "1 times" in first
    assert "train/320, train/321" in second
    assert "2 times" in second
