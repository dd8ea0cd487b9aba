"""`--set KEY=VALUE`: which settings a run has, and how their text becomes values.

Part of the command line, for `arguments.py`; imports nothing heavy.
"""

import dataclasses
import typing
from collections.abc import Callable, Sequence
from typing import Any

from pipeline.gate import SliceLimit, parse_slice_limits
from pipeline.ingest.characters import CharacterOptions
from pipeline.ingest.lines import LineOptions
from pipeline.ingest.page_plan import PageOptions
from pipeline.ingest.record_sources import SOURCES, RecordOptions
from pipeline.span_check.options import SpanCheckOptions
from pipeline.tasks import Task
from schema.errors import InputError
from trainer_module.hyperparameters.base import Hyperparameters
from trainer_module.task_names import CHARACTERS, DETECTOR
from transforms.augmentation_options import AugmentationOptions
from transforms.synthesis_options import SynthesisOptions

_NOT_SETTABLE = {"alphabet", "corpus", "seed", "source"}  # have options of their own


def find_fields(
    task: Task, dataset: str, network: type[Hyperparameters]
) -> dict[str, tuple[str, type]]:
    """Returns setting -> the part of the configuration that holds it, and its type."""
    if task.name == CHARACTERS:
        records: dict[str, type] = {"data": CharacterOptions}
    elif task.name == DETECTOR:
        records = {"data": PageOptions}
    elif dataset in SOURCES:
        records = {"data": RecordOptions}
    else:
        records = {"data": LineOptions, "synthesis": SynthesisOptions}
    if task.name != DETECTOR:  # which turns and zooms its crops by its own options
        records["augmentation"] = AugmentationOptions
    records |= {"hyperparameters": network, "gate": task.gate, "span_check": SpanCheckOptions}
    found = {}
    for part, record in records.items():
        hints = typing.get_type_hints(record)
        for entry in dataclasses.fields(record):
            if entry.name not in _NOT_SETTABLE and hints[entry.name] in _PARSERS:
                found[entry.name] = (part, hints[entry.name])
    return found


def describe_settings(task: Task, dataset: str, network: type[Hyperparameters]) -> str:
    """Lists the settings of a combination with their types."""
    fields = find_fields(task, dataset, network)
    return ", ".join(f"{key}={_PARSERS[kind][0]}" for key, (_, kind) in fields.items())


def _parse_bool(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


_PARSERS: dict[type, tuple[str, Callable[[str], Any]]] = {
    int: ("int", int),
    float: ("float", float),
    str: ("str", str),
    bool: ("true|false", _parse_bool),
    tuple[int, ...]: ("int,int,...", lambda text: tuple(int(each) for each in text.split(","))),
    tuple[SliceLimit, ...]: ("feature=value:limit,...", parse_slice_limits),
}
"""How a setting of each type is written, and how its text becomes a value."""


def parse_settings(
    settings: Sequence[str], fields: dict[str, tuple[str, type]]
) -> dict[str, dict[str, Any]]:
    """Reads settings.

    Args:
      settings: as on the command line, "KEY=VALUE".
      fields: from `find_fields`.

    Returns:
      part of the configuration -> field -> value.

    Raises:
      InputError: an unknown key, or a value that is not of its type.
    """
    changes: dict[str, dict[str, Any]] = {}
    for setting in settings:
        key, separator, text = setting.partition("=")
        if not separator or key not in fields:
            raise InputError(
                f"expected --set KEY=VALUE with a known key, got {setting!r}: "
                f"the keys are {', '.join(fields)}"
            )
        part, kind = fields[key]
        try:
            changes.setdefault(part, {})[key] = _PARSERS[kind][1](text)
        except ValueError:
            raise InputError(
                f"expected --set {key}={_PARSERS[kind][0]}, got {text!r}: correct it"
            ) from None
    return changes
