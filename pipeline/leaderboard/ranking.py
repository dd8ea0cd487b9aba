"""Order, filters and the Pareto front of entries."""

import itertools
import math
from collections.abc import Callable, Sequence

from pipeline.leaderboard.entry import Entry
from schema.errors import InputError


def choose(
    entries: Sequence[Entry],
    task: str | None = None,
    dataset: str | None = None,
    span: int | None = None,
) -> list[Entry]:
    """Returns the entries of a task, a data set and a span of data; None means any.

    Raises:
      InputError: there is none.
    """
    chosen = [
        entry
        for entry in entries
        if task in (None, entry.task)
        and dataset in (None, entry.dataset)
        and (span is None or span in entry.spans)
    ]
    if not chosen:
        asked = {"--task": task, "--dataset": dataset, "--span": span}
        told = " ".join(f"{option} {value}" for option, value in asked.items() if value is not None)
        spans = sorted({number for entry in entries for number in entry.spans})
        raise InputError(
            f"expected a model or a trial, got none{f' with {told}' if told else ''}: the "
            f"workspace has the tasks {_list(entry.task for entry in entries)}, the data sets "
            f"{_list(entry.dataset for entry in entries)} and the spans {_list(map(str, spans))}"
        )
    return chosen


def rank(entries: Sequence[Entry]) -> list[Entry]:
    """Sorts by group, and within it by error, lowest first; what has no number goes last."""
    return sorted(
        entries, key=lambda entry: (group(entry), not _is_number(entry.error), entry.error or 0.0)
    )


def group(entry: Entry) -> tuple[str, str, str]:
    """Returns task, data set and kind: only errors of entries that share them can be compared.

    A trial's error is that of the validation split, which its hyperparameters were chosen by.
    """
    return entry.task, entry.dataset, entry.kind


def split_groups(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Returns the groups of ranked entries."""
    return [list(members) for _, members in itertools.groupby(entries, group)]


def pareto_front(entries: Sequence[Entry], cost: Callable[[Entry], float | None]) -> list[Entry]:
    """Returns the entries that no other beats in error without costing more, cheapest first.

    Args:
      entries: those without error or cost are left out.
      cost: lower is better.
    """
    known = [each for each in entries if _is_number(each.error) and _is_number(cost(each))]
    front: list[Entry] = []
    for entry in sorted(known, key=lambda each: (cost(each) or 0.0, each.error or 0.0)):
        if not front or (entry.error or 0.0) < (front[-1].error or 0.0):
            front.append(entry)
    return front


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _list(names: object) -> str:
    return ", ".join(sorted({name for name in names if name})) or "none"  # type: ignore[attr-defined]
