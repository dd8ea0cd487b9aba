"""The Trainer's entry point: transformed examples in, an exported SavedModel out."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

from schema import features
from schema.alphabet import Alphabet
from serving.export import LineReader, export_line_reader
from trainer_module.hyperparameters import LstmCtcHyperparameters
from trainer_module.networks.lstm_ctc import IMAGE, WIDTH, LstmCtc
from trainer_module.train import train
from trainer_module.training_state import TrainingState

HISTORY_FILE = "history.json"
"""In the ModelRun artifact: the learning curve."""

WARMUP_IMAGES = 4


@dataclasses.dataclass(frozen=True)
class TrainerConfig:
    """What the pipeline tells `run_fn`, as the Trainer's `custom_config`.

    Args:
      symbols: the alphabet.
      hyperparameters: the fields of `LstmCtcHyperparameters`.
      seed: of weights, dropout and shuffling.
      resume_folder: where an interrupted training is kept until the model is exported.
      version: a hash of the code; another one makes the cached model stale.
      dataset: what the lines were made from, for the model card.
    """

    symbols: str
    hyperparameters: dict[str, Any]
    seed: int
    resume_folder: str
    version: str
    dataset: str


def run_fn(fn_args: FnArgs) -> None:
    """Trains, exports and tells the learning curve."""
    config = TrainerConfig(**fn_args.custom_config)
    alphabet = Alphabet(config.symbols)
    hyperparameters = LstmCtcHyperparameters.from_dict(config.hyperparameters)
    state = TrainingState.open(Path(config.resume_folder) / _training_id(fn_args, config))
    train(
        fn_args.train_files,
        fn_args.eval_files,
        alphabet,
        hyperparameters,
        fn_args.train_steps,
        config.seed,
        state,
    )
    network = LstmCtc(hyperparameters, alphabet.num_classes)
    state.restore_best(network)
    export_line_reader(
        LineReader(
            lambda lines, widths: network({IMAGE: lines, WIDTH: widths}, training=False),
            [variable.value for variable in network.variables],
            alphabet,
        ),
        Path(fn_args.serving_model_dir),
        alphabet,
        _model_card(fn_args, config, state),
        _first_images(fn_args.eval_files),
    )
    history = Path(fn_args.model_run_dir) / HISTORY_FILE
    history.parent.mkdir(parents=True, exist_ok=True)
    history.write_text(json.dumps([dataclasses.asdict(epoch) for epoch in state.history]))
    shutil.rmtree(state.folder)


def _training_id(fn_args: FnArgs, config: TrainerConfig) -> str:
    """Names a training by all that decides it, so that only the same one is resumed."""
    decisive = [
        dataclasses.asdict(config),
        fn_args.train_steps,
        fn_args.train_files,
        fn_args.eval_files,
    ]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


def _model_card(fn_args: FnArgs, config: TrainerConfig, state: TrainingState) -> dict[str, object]:
    best = state.best
    return {
        "reads": "one line of handwriting, as PNG or JPEG of any size, to text",
        "dataset": config.dataset,
        "alphabet": config.symbols,
        "network": "lstm_ctc",
        "hyperparameters": config.hyperparameters,
        "train_steps": fn_args.train_steps,
        "seed": config.seed,
        "code": config.version,
        "train_examples": list(fn_args.train_files),
        "validation_examples": list(fn_args.eval_files),
        "validation": dataclasses.asdict(best) if best else None,
    }


def _first_images(files: list[str]) -> list[bytes]:
    paths = sorted(path for pattern in files for path in tf.io.gfile.glob(pattern))
    records = tf.data.TFRecordDataset(paths, compression_type="GZIP").take(WARMUP_IMAGES)
    return [
        tf.train.Example.FromString(record).features.feature[features.IMAGE].bytes_list.value[0]
        for record in records.as_numpy_iterator()
    ]
