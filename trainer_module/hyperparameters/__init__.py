"""What is chosen before training: one frozen record a network, light to import."""

from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.hyperparameters.lenet import LenetHyperparameters
from trainer_module.hyperparameters.line_cnn import LineCnnHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.hyperparameters.mlp import MlpHyperparameters

NETWORKS: dict[str, type[Hyperparameters]] = {
    record.network: record
    for record in (
        LstmCtcHyperparameters,
        LineCnnHyperparameters,
        LenetHyperparameters,
        MlpHyperparameters,
        FcnHyperparameters,
    )
}
"""Network by name -> its record."""
