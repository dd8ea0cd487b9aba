"""Experiment files: a list or a grid of trainings in a small TOML file. Light to import.

model = "../workspace/pushed/emnist-lines"   # whose examples and settings to begin with
seeds = [0, 1, 2]                            # each run with each of them

[set]                                        # what all runs have
train_steps = 1000

[grid]                                       # every combination of these
dropout = [0.1, 0.2]
lstm_units = [[128], [160, 160]]

[[run]]                                      # and these
name = "narrow"
batch_size = 16
"""

import dataclasses
import itertools
import json
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schema.errors import InputError
from trainer_module.hyperparameters import NETWORKS
from trainer_module.hyperparameters.space import as_label, restore
from trainer_module.tuning.from_model import read_card
from trainer_module.tuning.study import LISTED, Run, Study, scale_steps
from trainer_module.tuning.typed_file import check_keys, read_toml
from transforms.augmentation_options import AugmentationOptions
from transforms.synthesis_options import SynthesisOptions

_MODEL, _SEEDS, _SET, _GRID, _RUN = "model", "seeds", "set", "grid", "run"
_NETWORK, _STEPS, _SEED, _NAME = "network", "train_steps", "seed", "name"
_VARIATION: dict[str, type] = {"synthesis": SynthesisOptions, "augmentation": AugmentationOptions}


def read_experiments(path: Path) -> Study:
    """Reads an experiment file.

    Raises:
      InputError: it is no such file, a key is unknown, a value is not of its type or out of
        range, or two runs are the same.
    """
    content = read_toml(path)
    check_keys(content, (_MODEL, _SEEDS, _SET, _GRID, _RUN), f"{path}")
    if not isinstance(content.get(_MODEL), str):
        raise InputError(
            f'expected model = "FOLDER" in {path}, got {content.get(_MODEL)!r}: name a trained '
            "model, whose examples and settings the runs begin with"
        )
    data, base = read_card(path.parent / Path(content[_MODEL]).expanduser())
    runs: list[Run] = []
    for changes in _list_changes(content, path):
        run = _make_run(base, changes, path)
        if any(_is_same(run, other) for other in runs):
            raise InputError(
                f"expected runs that differ, got {run.name!r} twice in {path}: remove one"
            )
        runs.append(run)
    return Study(data, runs[0], LISTED, runs=tuple(runs))


def _list_changes(content: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    """Returns the changes of each run with each seed."""
    common = _table(content, _SET, path)
    found = [common | changes for changes in _combinations(_table(content, _GRID, path), path)]
    listed = content.get(_RUN, [])
    if not isinstance(listed, list) or not all(isinstance(run, dict) for run in listed):
        raise InputError(f"expected [[run]] tables in {path}, got {listed!r}: correct it")
    found += [common | run for run in listed]
    if not found:
        raise InputError(f"expected [grid] or [[run]] in {path}, got neither: add one")
    seeds = content.get(_SEEDS)
    if seeds is None:
        return found
    if not isinstance(seeds, list) or not seeds:
        raise InputError(f"expected seeds = [number, ...] in {path}, got {seeds!r}: correct it")
    return [changes | {_SEED: seed} for changes in found for seed in seeds]


def _table(content: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    table = content.get(key, {})
    if not isinstance(table, dict):
        raise InputError(f"expected a table [{key}] in {path}, got {table!r}: correct it")
    return table


def _combinations(grid: dict[str, Any], path: Path) -> Iterator[dict[str, Any]]:
    for name, values in grid.items():
        if not isinstance(values, list) or not values:
            raise InputError(
                f"expected {name} = [value, ...] in the [grid] of {path}, got {values!r}: "
                "correct it"
            )
    if grid:
        for values in itertools.product(*grid.values()):
            yield dict(zip(grid, values, strict=True))


def _make_run(base: Run, changes: dict[str, Any], path: Path) -> Run:
    told = dict(changes)
    network = told.pop(_NETWORK, base.network)
    if network not in NETWORKS:
        raise InputError(
            f"expected a network of {', '.join(NETWORKS)} in {path}, got {network!r}: correct it"
        )
    name = str(told.pop(_NAME, ""))
    numbers = {key: _number(told.pop(key), key, path) for key in (_STEPS, _SEED) if key in told}
    hyperparameters = _common_fields(base, network)
    variation = {part: dict(base.variation[part]) for part in _VARIATION}
    for key, value in told.items():
        part, kind = _find_field(key, network, path)
        try:
            (hyperparameters if part is None else variation[part])[key] = restore(value, kind)
        except ValueError as error:
            raise InputError(f"{path}: {key}: {error}: correct it") from None
    record = NETWORKS[network].from_dict(hyperparameters)
    for part, options in _VARIATION.items():
        options(**variation[part])  # refuses what is out of range
    shown = {key: as_label(value) for key, value in changes.items() if key != _NAME}
    return Run(
        network=network,
        hyperparameters=json.loads(json.dumps(dataclasses.asdict(record))),
        variation=variation,
        seed=numbers.get(_SEED, base.seed),
        train_steps=numbers.get(_STEPS, scale_steps(base.train_steps, base.record, record)),
        name=name or ", ".join(f"{key}={value}" for key, value in shown.items()),
        changes=shown,
    )


def _common_fields(base: Run, network: str) -> dict[str, Any]:
    """Returns the hyperparameters of a network: what the base has too is as the base has it."""
    names = {field.name for field in dataclasses.fields(NETWORKS[network])}
    return {name: value for name, value in base.hyperparameters.items() if name in names}


def _find_field(key: str, network: str, path: Path) -> tuple[str | None, Any]:
    """Returns which part of the variation has a setting, None for the network, and its type."""
    records: list[tuple[str | None, type]] = [(None, NETWORKS[network]), *_VARIATION.items()]
    known = [_NETWORK, _STEPS, _SEED, _NAME]
    for part, record in records:
        kinds = typing.get_type_hints(record)
        fields = [field.name for field in dataclasses.fields(record)]
        if key in fields:
            return part, kinds[key]
        known += fields
    raise InputError(f"expected settings of {', '.join(known)} in {path}, got {key}: correct it")


def _number(value: Any, key: str, path: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < (1 if key == _STEPS else 0):
        raise InputError(f"expected a whole number for {key} in {path}, got {value!r}: correct it")
    return value


def _is_same(run: Run, other: Run) -> bool:
    unnamed = [dataclasses.replace(each, name="", changes={}) for each in (run, other)]
    return unnamed[0] == unnamed[1]
