"""The Tuner's entry point: transformed examples in, a search through hyperparameters out."""

import dataclasses
from pathlib import Path
from typing import Any

from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from trainer_module.run_fn import TrainerConfig, find_base_model
from trainer_module.tracking.choice import TrackingChoice
from trainer_module.tuning.options import Limits
from trainer_module.tuning.search import Search
from trainer_module.tuning.study import Run, Study, TrainingData, space_from_json


@dataclasses.dataclass(frozen=True)
class TunerConfig:
    """What the pipeline tells `tuner_fn`, as the Tuner's `custom_config`.

    Args:
      trainer: the fields of the `TrainerConfig` that the Trainer is told.
      algorithm: one of `trainer_module.tuning.study.ALGORITHMS`.
      space: what is varied, as `space_as_json` has it.
      limits: the fields of `Limits`.
      folder: holds the folder of each search.
    """

    trainer: dict[str, Any]
    algorithm: str
    space: dict[str, Any]
    limits: dict[str, Any]
    folder: str


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Makes the search, which goes on where an earlier one was interrupted."""
    config = TunerConfig(**fn_args.custom_config)
    trainer = TrainerConfig(**config.trainer)
    base_model = find_base_model(fn_args)
    data = TrainingData(
        task=trainer.task,
        symbols=trainer.symbols,
        dataset=trainer.dataset,
        train_files=tuple(fn_args.train_files),
        validation_files=tuple(fn_args.eval_files),
        base_model=str(base_model) if base_model else None,
    )
    base = Run(
        network=trainer.network,
        hyperparameters=trainer.hyperparameters,
        variation=trainer.variation,
        seed=trainer.seed,
        train_steps=fn_args.train_steps,
    )
    space = space_from_json(config.space)
    study = Study(data, base, config.algorithm, space, code=trainer.version)
    folder = Path(config.folder) / study.study_id
    search = Search(study, folder, Limits(**config.limits), TrackingChoice(**trainer.tracking))
    return TunerFnResult(tuner=search, fit_kwargs={})
