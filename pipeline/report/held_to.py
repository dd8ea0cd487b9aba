"""What the gate held the model to, in plain words below the report's verdict."""

from collections.abc import Iterator

from pipeline.gate import Bound, Gate, is_lower_better
from pipeline.report import titles
from pipeline.report.intervals import plain_points
from serving.html_page.figures import percent


def describe_gate(gate: Gate, unit: str, has_slices: bool) -> list[str]:
    """Returns a sentence for each demand, the decisive metric's first.

    Args:
      gate: the demands.
      unit: what examples are called, as in "lines".
      has_slices: whether the metrics were told apart by slices.
    """
    sentences = [_describe_bound(name, bound) for name, bound in gate.bounds().items()]
    if has_slices:
        sentences += _describe_slices(gate, unit)
    return [*sentences, _describe_intervals(gate, unit)]


def _describe_bound(metric: str, bound: Bound) -> str:
    most, worse = ("at most", "above") if is_lower_better(metric) else ("at least", "below")
    sentence = (
        f"{titles.of_metric(metric)}: {most} {percent(bound.limit)}, and no more than "
        f"{plain_points(bound.tolerance)} points {worse} the champion."
    )
    if bound.decisive:
        sentence += " This one decides: the whole interval of the change must lie within that."
    return sentence


def _describe_slices(gate: Gate, unit: str) -> Iterator[str]:
    metric, bound = gate.decisive, gate.bounds()[gate.decisive]
    title, worse = titles.of_metric(metric), "above" if is_lower_better(metric) else "below"
    demands = []
    if bound.slice_limit is not None:
        demands.append(f"{worse} {percent(bound.slice_limit)}")
    if bound.slice_tolerance is not None:
        demands.append(
            f"more than {plain_points(bound.slice_tolerance)} points {worse} the champion"
        )
    if demands:
        yield f"{title} on any slice of the {unit}: not certainly {', nor '.join(demands)}."
    for each in gate.slice_limits:
        most = "at most" if is_lower_better(metric) else "at least"
        yield f"{title} where {each.feature} is {each.value}: {most} {percent(each.limit)}."


def _describe_intervals(gate: Gate, unit: str) -> str:
    return (
        f"“Certainly” means with the whole interval. Intervals hold with a confidence of "
        f"{100 * gate.confidence_level:g}\N{NO-BREAK SPACE}%; they come from {gate.resamples:,} "
        f"resamples of the test {unit}, the same ones for both models."
    )
