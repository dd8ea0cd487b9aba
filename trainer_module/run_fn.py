"""The Trainer's entry point: transformed examples in, an exported SavedModel out."""

import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

from schema import features
from serving.model_folder import EXTRA_ASSETS, WEIGHTS_FILE
from serving.whole_file import write_whole
from trainer_module.cluster import read_cluster
from trainer_module.cost import measure_cost
from trainer_module.environment import describe_environment
from trainer_module.hyperparameters import NETWORKS
from trainer_module.leader import lead
from trainer_module.run_origin import RunOrigin
from trainer_module.task_names import ERROR_NAMES
from trainer_module.tasks.base import SplitFiles, TrainingTask
from trainer_module.tasks.factory import make_task
from trainer_module.tracking.choice import TrackingChoice, make_tracker
from trainer_module.tracking.tracker import TrackedRun, Tracker
from trainer_module.train import train
from trainer_module.training_job import TrainingJob
from trainer_module.training_state import TrainingState
from trainer_module.tuning.study import restore_values, scale_steps
from trainer_module.variation import Variation

HISTORY_FILE = "history.json"
"""In the ModelRun artifact: the learning curve."""
FACTS_FILE = "facts.json"
"""Beside it: the model card, and what the model costs."""

WARMUP_IMAGES = 4


@dataclasses.dataclass(frozen=True)
class TrainerConfig:
    """What the pipeline tells `run_fn`, as the Trainer's `custom_config`.

    Args:
      task: as in `trainer_module.task_names`.
      network: the network's name.
      symbols: the alphabet.
      hyperparameters: the fields of the network's record.
      variation: the fields of `Variation`.
      seed: of weights, dropout, shuffling and variation.
      resume_folder: where an interrupted training is kept until the model is exported.
      version: a hash of the code; another one makes the cached model stale.
      dataset: what the examples were made from, for the model card.
      tracking: the fields of `TrackingChoice`.
      run: where the training belongs, the fields of `RunOrigin`; known once it runs.
    """

    task: str
    network: str
    symbols: str
    hyperparameters: dict[str, Any]
    variation: dict[str, Any]
    seed: int
    resume_folder: str
    version: str
    dataset: str
    tracking: dict[str, Any] = dataclasses.field(default_factory=dict)
    run: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def decisive(self) -> dict[str, Any]:
        """All that the weights depend on."""
        fields = dataclasses.asdict(self)
        return {key: value for key, value in fields.items() if key not in ("tracking", "run")}


def run_fn(fn_args: FnArgs) -> None:
    """Trains, exports and tells the learning curve."""
    config, train_steps = take_tuned(TrainerConfig(**fn_args.custom_config), fn_args)
    tracker = make_tracker(TrackingChoice(**config.tracking))
    tracker.start(_tracked_run(fn_args, config, train_steps))
    try:
        _train_and_export(fn_args, config, train_steps, tracker)
    except BaseException:
        tracker.end(failed=True)
        raise
    tracker.end()


def _train_and_export(
    fn_args: FnArgs, config: TrainerConfig, train_steps: int, tracker: Tracker
) -> None:
    task = make_task(
        config.task,
        config.network,
        config.hyperparameters,
        config.symbols,
        Variation.from_dict(config.variation),
    )
    resume = Path(config.resume_folder) / _training_id(fn_args, config)
    state = _train(task, fn_args, config, train_steps, resume, tracker)
    network = task.build_network()
    state.restore_best(network)
    folder, images = Path(fn_args.serving_model_dir), _first_images(fn_args.eval_files)
    card = _model_card(fn_args, config, train_steps, state)
    files = SplitFiles(fn_args.train_files, fn_args.eval_files)
    task.export(network, folder, card, images, files)
    network.save_weights(folder / EXTRA_ASSETS / WEIGHTS_FILE)
    cost = measure_cost(folder, images)
    model_run = Path(fn_args.model_run_dir)
    history = json.dumps([dataclasses.asdict(epoch) for epoch in state.history])
    write_whole(model_run / HISTORY_FILE, history.encode())
    facts = {**dataclasses.asdict(cost), **card}
    write_whole(model_run / FACTS_FILE, json.dumps(facts, default=str).encode())
    tracker.model(folder, facts)
    shutil.rmtree(state.folder)


def _tracked_run(fn_args: FnArgs, config: TrainerConfig, train_steps: int) -> TrackedRun:
    origin = RunOrigin(**config.run)
    lineage = (f"run {origin.pipeline_run}", f"model {origin.model}", f"examples {origin.examples}")
    return TrackedRun(
        name=f"{origin.pipeline or config.dataset} {origin.model}",
        group=origin.pipeline_run,
        tags=(config.task, config.network, config.dataset, *lineage),
        config={
            **config.decisive,
            "train_steps": train_steps,
            "warm_start": fn_args.base_model,
            "origin": config.run,
            "environment": describe_environment(),
        },
        error_name=ERROR_NAMES[config.task],
        data={"sources": origin.data},
    )


def _train(
    task: TrainingTask,
    fn_args: FnArgs,
    config: TrainerConfig,
    train_steps: int,
    folder: Path,
    tracker: Tracker,
) -> TrainingState:
    """Trains here, or with the other machines of TF_CONFIG; the state is kept in a folder.

    The tracker is this process's alone. Of a training on several machines it hears at the end, and
    without readings.
    """
    base_model = find_base_model(fn_args)
    if read_cluster(os.environ) is None:
        state = TrainingState.open(folder)
        files = (fn_args.train_files, fn_args.eval_files)
        train(task, *files, train_steps, config.seed, state, base_model, tracker=tracker)
        return state
    job = TrainingJob(
        task=config.task,
        network=config.network,
        symbols=config.symbols,
        hyperparameters=config.hyperparameters,
        variation=config.variation,
        train_files=list(fn_args.train_files),
        validation_files=list(fn_args.eval_files),
        train_steps=train_steps,
        seed=config.seed,
        state_folder=str(folder),
        base_model=str(base_model) if base_model else None,
    )
    lead(job)
    state = TrainingState.open(folder)
    for epoch in state.history:
        tracker.epoch(epoch, ())
    return state


def take_tuned(config: TrainerConfig, fn_args: FnArgs) -> tuple[TrainerConfig, int]:
    """Returns what the Trainer was told, with what a Tuner before it has found.

    Returns:
      the configuration, and the steps that see as many examples as those that were asked for.
    """
    if not fn_args.hyperparameters:
        return config, fn_args.train_steps
    base = NETWORKS[config.network].from_dict(config.hyperparameters)
    tuned = dataclasses.replace(base, **restore_values(base, fn_args.hyperparameters["values"]))
    told = dataclasses.replace(config, hyperparameters=dataclasses.asdict(tuned))
    return told, scale_steps(fn_args.train_steps, base, tuned)


def find_base_model(fn_args: FnArgs) -> Path | None:
    """Returns the folder of the model to start from: TFX adds a folder that pushed models lack."""
    if not fn_args.base_model:
        return None
    folder = Path(fn_args.base_model)
    return folder if folder.is_dir() else folder.parent


def _training_id(fn_args: FnArgs, config: TrainerConfig) -> str:
    """Names a training by all that decides it, so that only the same one is resumed."""
    decisive = [
        config.decisive,
        fn_args.train_steps,
        fn_args.train_files,
        fn_args.eval_files,
        fn_args.base_model,
    ]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


def _model_card(
    fn_args: FnArgs, config: TrainerConfig, train_steps: int, state: TrainingState
) -> dict[str, object]:
    best = state.best
    return {
        "dataset": config.dataset,
        "alphabet": config.symbols,
        "task": config.task,
        "network": config.network,
        "hyperparameters": config.hyperparameters,
        "variation": config.variation,
        "train_steps": train_steps,
        "seed": config.seed,
        "code": config.version,
        "origin": config.run,
        "environment": describe_environment(),
        "train_examples": list(fn_args.train_files),
        "validation_examples": list(fn_args.eval_files),
        "warm_start": fn_args.base_model,
        "validation": dataclasses.asdict(best) if best else None,
    }


def _first_images(files: list[str]) -> list[bytes]:
    paths = sorted(path for pattern in files for path in tf.io.gfile.glob(pattern))
    records = tf.data.TFRecordDataset(paths, compression_type="GZIP").take(WARMUP_IMAGES)
    return [
        tf.train.Example.FromString(record).features.feature[features.IMAGE].bytes_list.value[0]
        for record in records.as_numpy_iterator()
    ]
