"""What a search may vary: choices and ranges of hyperparameters, checked when they are made.

Each network's record names its own, as `space`, beside the hyperparameters themselves;
`trainer_module.tuning` searches them. Light to import.
"""

import dataclasses
import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schema.errors import InputError

Value = int | float | bool | str | tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """Some values, none of them nearer to another than the rest.

    Args:
      values: at least two, all different.
    """

    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if len(self.values) < 2 or len(set(map(repr, self.values))) < len(self.values):
            raise InputError(
                f"expected at least two values to choose from, all different, got "
                f"{list(self.values)}: correct them, or fix the hyperparameter"
            )

    @property
    def edges(self) -> tuple[Value, ...]:
        """Values that must all be possible."""
        return self.values


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones where both are whole.

    Args:
      low, high: the ends.
      log: whether each factor is as likely as any other, as for learning rates.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InputError(
                f"expected a range with low < high, got low={self.low}, high={self.high}: "
                "correct it"
            )
        if self.log and self.low <= 0:
            raise InputError(
                f"expected low > 0 in a logarithmic range, got low={self.low}: raise it, or leave "
                "out log"
            )

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def edges(self) -> tuple[Value, ...]:
        """Values that must all be possible."""
        return (self.low, self.high)


Dimension = Choice | Range
Space = Mapping[str, Dimension]
"""Hyperparameter -> what it may be."""


def check_space(space: Space, base: Any) -> None:
    """Looks whether a search can vary what it is to vary.

    Args:
      space: what may be varied.
      base: the record whose other fields stay as they are.

    Raises:
      InputError: there is nothing to vary, a hyperparameter is unknown, or the record refuses a
        value, each by itself.
    """
    if not space:
        raise InputError(
            f"expected at least one hyperparameter of {base.network} to vary, got none: free one"
        )
    kinds = typing.get_type_hints(type(base))
    for name, dimension in space.items():
        if name not in {field.name for field in dataclasses.fields(base)}:
            known = ", ".join(field.name for field in dataclasses.fields(base))
            raise InputError(
                f"expected hyperparameters of {base.network} in the search space, got {name}: "
                f"they are {known}"
            )
        for value in dimension.edges:
            try:
                dataclasses.replace(base, **{name: restore(value, kinds[name])})
            except (InputError, TypeError, ValueError) as error:
                raise InputError(
                    f"expected only values of {name} that {base.network} takes in the search "
                    f"space, got {value} ({error})"
                ) from None


def restore(value: Any, kind: Any) -> Any:
    """Returns a value in the type of its field, as it is after JSON, TOML or Keras Tuner.

    Those know no tuples, Keras Tuner neither lists nor more than 32 bits of a float.

    Raises:
      ValueError: it is no such value.
    """
    if kind is bool and value in (0, 1):
        return bool(value)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(f"{value:.6g}")
    if kind in (int, str) and isinstance(value, kind) and not isinstance(value, bool):
        return value
    if kind == tuple[int, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if isinstance(parts, list | tuple) and parts:
            return tuple(restore(int(each), int) for each in parts)
    raise ValueError(f"expected {getattr(kind, '__name__', kind)}, got {value!r}")


def as_label(value: Any) -> Any:
    """Returns a value as Keras Tuner and people take it: tuples as "160,160"."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value
