import dataclasses

from tfx.components.trainer.fn_args_utils import FnArgs

from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.run_fn import TrainerConfig, take_tuned

CONFIG = TrainerConfig(
    task="lines",
    network="lstm_ctc",
    symbols="abcd",
    hyperparameters=dataclasses.asdict(LstmCtcHyperparameters()),
    variation={},
    seed=0,
    resume_folder="/nowhere",
    version="",
    dataset="sample",
)


def test_without_a_search_the_trainer_does_as_it_is_told():
    assert take_tuned(CONFIG, FnArgs(train_steps=100)) == (CONFIG, 100)


def test_what_a_search_found_is_trained_with_on_as_many_examples():
    values = {
        "learning_rate": 0.001,
        "batch_size": 16,
        "lstm_units": "128,128",
        "tuner/epochs": 3,
        "tuner/trial_id": "0001",
    }
    found = FnArgs(train_steps=100, hyperparameters={"space": [], "values": values})
    config, steps = take_tuned(CONFIG, found)
    assert steps == 50
    assert LstmCtcHyperparameters.from_dict(config.hyperparameters) == LstmCtcHyperparameters(
        learning_rate=0.001, batch_size=16, lstm_units=(128, 128)
    )
    assert dataclasses.replace(config, hyperparameters=CONFIG.hyperparameters) == CONFIG
