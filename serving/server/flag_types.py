"""The types of flags, as functions from text that argparse calls."""

import argparse
import math

EPHEMERAL = -1
"""As a port: any free one."""

MAX_PORT = 65535


def switch(text: str) -> bool:
    """Parses true or false."""
    values = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in values:
        raise argparse.ArgumentTypeError(f"expected true or false, got {text!r}")
    return values[text.lower()]


def port(text: str) -> int:
    """Parses a port; `ephemeral` is any free one."""
    if text == "ephemeral":
        return EPHEMERAL
    if text.isascii() and text.isdigit() and int(text) <= MAX_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"expected a number up to {MAX_PORT} or 'ephemeral', got {text!r}"
    )


def count(text: str) -> int:
    """Parses a whole number from 0 on."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return int(text)


def positive_integer(text: str) -> int:
    """Parses a whole number from 1 on."""
    value = count(text)
    if not value:
        raise argparse.ArgumentTypeError(f"expected more than 0, got {text!r}")
    return value


def not_negative(text: str) -> float:
    """Parses a number from 0 on."""
    value = number(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected 0 or more, got {text!r}")
    return value


def share(text: str) -> float:
    """Parses a number from 0 to 1."""
    value = number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return value


def number(text: str) -> float:
    """Parses a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}")
    return value
