"""An epoch's figures under the names that every tracker shows."""

from trainer_module.history import Epoch


def epoch_figures(epoch: Epoch, error_name: str) -> dict[str, float]:
    """Returns name -> figure; losses in nats an example, errors as fractions."""
    return {
        "train/loss": epoch.loss,
        "validation/loss": epoch.validation_loss,
        f"validation/{error_name}": epoch.validation_error,
        "train/learning_rate": epoch.learning_rate,
        "train/epoch_seconds": epoch.seconds,
    }
