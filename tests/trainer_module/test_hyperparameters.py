import dataclasses
import json

import pytest

from schema.errors import InputError
from trainer_module.hyperparameters import NETWORKS
from trainer_module.hyperparameters.base import ConvBlock
from trainer_module.hyperparameters.line_cnn import LineCnnHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters


@pytest.mark.parametrize("network", NETWORKS)
def test_every_record_survives_json(network):
    record = NETWORKS[network]()
    restored = json.loads(json.dumps(dataclasses.asdict(record)))
    assert NETWORKS[network].from_dict(restored) == record


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: LstmCtcHyperparameters(lstm_units=()), "LSTM layer"),
        (lambda: LstmCtcHyperparameters(stem=()), "convolution"),
        (lambda: LineCnnHyperparameters(kernel=4), "odd kernel"),
        (lambda: LineCnnHyperparameters(dilations=(0,)), "dilations"),
        (lambda: ConvBlock(filters=0), "filters >= 1"),
        (lambda: NETWORKS["lenet"](dense_units=0), "dense_units"),
        (lambda: NETWORKS["mlp"](dense_units=(3, 0)), "dense_units"),
        (lambda: NETWORKS["mlp"](warmup_share=1.0), "warmup_share"),
        (lambda: NETWORKS["fcn"](widths=()), "widths"),
        (lambda: NETWORKS["fcn"](crop=100), "multiple of 64"),
        (lambda: NETWORKS["fcn"](max_zoom=0.5), "max_zoom"),
        (lambda: NETWORKS["fcn"](max_turn=1.0), "max_turn"),
    ],
)
def test_what_cannot_be_trained_is_refused(make, complaint):
    with pytest.raises(InputError, match=complaint):
        make()
