"""Small TOML files whose keys and types are known: search spaces and experiments."""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from schema.errors import InputError
from trainer_module.hyperparameters.space import Choice, Dimension, Range, Space

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_RANGE_KEYS = {"low", "high", "log"}


def read_toml(path: Path) -> dict[str, Any]:
    """Reads a TOML file.

    Raises:
      InputError: it cannot be read or is no TOML; the line is named.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"expected a TOML file, got {path} ({error.strerror}): name another"
        ) from None
    except ValueError as error:  # of TOML or UTF-8
        raise InputError(f"expected TOML in {path}, got: {error}; correct it") from None


def check_keys(content: dict[str, Any], known: Collection[str], where: str) -> None:
    """Refuses keys that nobody reads.

    Raises:
      InputError: there is one.
    """
    for key in content:
        if key not in known:
            raise InputError(
                f"expected {where} with only {', '.join(known)}, got {key}: correct or remove it"
            )


def read_space(path: Path) -> Space:
    """Reads a search space: `name = [choices]` or `name = {low = ..., high = ..., log = true}`.

    Raises:
      InputError: it is something else, or contradicts itself.
    """
    return {
        name: _read_dimension(told, f"{path}: {name}") for name, told in read_toml(path).items()
    }


def _read_dimension(told: Any, where: str) -> Dimension:
    try:
        if isinstance(told, list):
            return Choice(tuple(tuple(each) if isinstance(each, list) else each for each in told))
        if isinstance(told, dict):
            check_keys(told, sorted(_RANGE_KEYS), "a range")
            if all(isinstance(told.get(key), int | float) for key in ("low", "high")):
                return Range(told["low"], told["high"], bool(told.get("log", False)))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    raise InputError(
        f"expected [value, value, ...] or {{low = ..., high = ..., log = true}} for {where}, got "
        f"{told!r}: correct it"
    )
