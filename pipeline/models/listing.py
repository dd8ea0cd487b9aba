"""Writes the table of `list`: a line for each model, the newest first."""

from collections.abc import Sequence

from pipeline.models.history import History
from pipeline.models.trained import TrainedModel
from pipeline.models.wording import (
    SYNTHETIC_NOTE,
    is_synthetic,
    tell_gate,
    tell_infra,
    tell_metric,
    tell_path,
    tell_serving,
    tell_time,
)

_HEADER = (
    "",
    "MODEL",
    "TRAINED",
    "DATA, NETWORK",
    "ON THE TEST SPLIT",
    "GATE",
    "INFRA",
    "VERSIONS",
    "WHY REFUSED",
)
_GAP = "  "
_VERSIONS_SHOWN = 2


def list_models(history: History, width: int) -> str:
    """Returns the table.

    Args:
      history: of one pipeline.
      width: columns that a line may take; what was refused and why is cut to it.
    """
    lines = [f"{history.pipeline} in {tell_path(history.base_path)}: {tell_serving(history)}"]
    if any(map(is_synthetic, history.models)):
        lines.append(SYNTHETIC_NOTE)
    if not history.models:
        return "\n".join([*lines, "no model was trained yet"])
    rows = [_HEADER, *(_row(history, model) for model in history.models)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join([*lines, *(_cut(_align(row, widths), width) for row in rows)])


def _row(history: History, model: TrainedModel) -> tuple[str, ...]:
    recipe = model.recipe
    decisive = model.judgement.decisive if model.judgement else None
    return (
        "*" if history.serving in model.pushes else "",
        str(model.model_id),
        tell_time(model.milliseconds),
        f"{recipe.dataset} {recipe.network}".strip(),
        tell_metric(decisive) if decisive else "-",
        tell_gate(model),
        tell_infra(model),
        _tell_versions(history, model),
        _tell_reason(model),
    )


def _tell_versions(history: History, model: TrainedModel) -> str:
    """Returns the versions of a model, newest first."""
    told = []
    for push in reversed(model.pushes[-_VERSIONS_SHOWN:]):
        marks = ("SERVES" if push == history.serving else "", "forced" if push.forced else "")
        told.append(" ".join(filter(None, (str(push.version), *marks))))
    older = len(model.pushes) - _VERSIONS_SHOWN
    if older > 0:
        told.append(f"{older} older")
    return ", ".join(told) or "-"


def _tell_reason(model: TrainedModel) -> str:
    """Returns why a model was refused, by the gate or after it."""
    words = (model.judgement, model.infra)
    return next((word.reason for word in words if word is not None and word.reason), "")


def _align(row: Sequence[str], widths: Sequence[int]) -> str:
    mark, number, *rest = row
    cells = [cell.ljust(width) for cell, width in zip(rest, widths[2:], strict=True)]
    first = f"{mark.ljust(widths[0])} {number.rjust(widths[1])}"
    return _GAP.join([first, *cells]).rstrip()


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 3].rstrip() + "..."
