"""Spans of time as people write them on a command line: 90s, 15m, 6h, 1d."""

import re
from argparse import ArgumentTypeError
from datetime import timedelta

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PATTERN = re.compile(r"(\d{1,6})([smhd])", re.ASCII)


def read_duration(text: str) -> timedelta:
    """Returns the span.

    Raises:
      ArgumentTypeError: it is none, or has no length.
    """
    match = _PATTERN.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise ArgumentTypeError(f"expected a span such as 90s, 15m, 6h or 1d, got {text!r}")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
