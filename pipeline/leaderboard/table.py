"""The leaderboard, and a comparison, as text and as CSV."""

import csv
import io
import itertools
from collections.abc import Sequence

from pipeline.leaderboard.comparison import Difference
from pipeline.leaderboard.entry import Entry
from pipeline.leaderboard.ranking import split_groups
from pipeline.models.wording import tell_estimate, tell_time

_NONE = "-"
_KILOBYTE = 1000
_WIDEST = 60  # characters of a value in a comparison
_HEAD = (
    "name", "kind", "trained", "task", "data", "network", "settings",
    "test error", "validation error", "latency", "size", "verdict",
)  # fmt: skip
_COLUMNS = (
    "rank", "name", "kind", "task", "dataset", "network", "trained_ms", "data", "error_name",
    "test_error", "test_error_lower", "test_error_upper", "validation_error", "latency_ms",
    "model_bytes", "verdict", "settings",
)  # fmt: skip


def as_table(entries: Sequence[Entry]) -> str:
    """Returns a line for each ranked entry, with a blank one between groups."""
    head, *lines = _align([_HEAD, *(_cells(entry) for entry in entries)])
    rows = iter(lines)
    blocks = ["\n".join(itertools.islice(rows, len(each))) for each in split_groups(entries)]
    return head + "\n" + "\n\n".join(blocks)


def as_csv(entries: Sequence[Entry]) -> str:
    """Returns a row for each ranked entry: plain figures, fractions, empty where there is none.

    Ranks begin anew with each group.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    placed = (member for group in split_groups(entries) for member in enumerate(group, start=1))
    for place, each in placed:
        test = each.test_error
        interval = (test.value, test.lower, test.upper) if test else (None, None, None)
        what = (each.name, each.kind, each.task, each.dataset, each.network, each.when or None)
        cost = (each.latency_ms, each.model_bytes, each.verdict, each.settings)
        errors = (each.error_name, *interval, each.validation_error)
        writer.writerow((place, *what, each.data, *errors, *cost))
    return text.getvalue()


def as_comparison(left: Entry, right: Entry, fields: Sequence[Difference]) -> str:
    """Returns the fields of two entries side by side; those that differ are marked."""
    rows = [("", "field", left.name, right.name)]
    rows += [
        (" " if each.same else "*", each.field, _shorten(each.left), _shorten(each.right))
        for each in fields
    ]
    different = sum(not each.same for each in fields)
    return "\n".join([*_align(rows), f"{different} of {len(fields)} fields differ (*)"])


def tell_size(size: int | None) -> str:
    """Returns a number of bytes in MB."""
    return _NONE if size is None else f"{size / _KILOBYTE**2:.2f} MB"


def tell_latency(milliseconds: float | None) -> str:
    """Returns a time in milliseconds."""
    return _NONE if milliseconds is None else f"{milliseconds:.1f} ms"


def tell_fraction(fraction: float | None) -> str:
    """Returns a fraction in percent."""
    return _NONE if fraction is None else f"{fraction:.2%}"


def _cells(entry: Entry) -> tuple[str, ...]:
    test = tell_estimate(entry.test_error) if entry.test_error else _NONE
    return (
        entry.name,
        entry.kind,
        tell_time(entry.when) if entry.when else _NONE,
        entry.task,
        entry.data or entry.dataset or _NONE,
        entry.network,
        entry.settings or _NONE,
        f"{entry.error_name} {test}",
        tell_fraction(entry.validation_error),
        tell_latency(entry.latency_ms),
        tell_size(entry.model_bytes),
        entry.verdict,
    )


def _align(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _shorten(value: str) -> str:
    return value if len(value) <= _WIDEST else f"{value[: _WIDEST - 3]}..."
