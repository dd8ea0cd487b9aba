from argparse import ArgumentTypeError
from datetime import timedelta

import pytest

from serving.monitor.durations import read_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("6h", 21600), ("1d", 86400)]
)
def test_spans_are_read(text, seconds):
    assert read_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "0s", "-1h", "1.5h", "1w", "1h30m", "\u0661h", f"{10**8}d"]
)
def test_others_are_told(text):
    with pytest.raises(ArgumentTypeError, match="such as 90s"):
        read_duration(text)
