"""The report's charts as inline SVG: learning curve, reliability, and where the seconds went.

`pipeline.report.render` sets them into the page, whose style sheet gives them their colours, so
that one drawing serves the light and the dark scheme. Matplotlib is used by its objects alone;
its settings hold for the length of one drawing.
"""

import io
import math
import re
from collections.abc import Sequence
from html import escape

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.run_result import StageRun
from trainer_module.history import Epoch
from transforms.calibration import ReliabilityBin, calibration_error

# Matplotlib knows no CSS variables: it draws in these colours, and `as_svg` puts the variables in.
INK, QUIET, ACCENT = "#010101", "#020202", "#030303"
_VARIABLES = {INK: "var(--ink)", QUIET: "var(--quiet)", ACCENT: "var(--accent)"}

STYLE = {
    "svg.fonttype": "none",  # text remains text
    "svg.hashsalt": "report",  # the same run gives the same file, byte for byte
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.facecolor": "none",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 2.5,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
}

_WIDTH = 4.6  # inches: two charts stand side by side on a desk, each fills a phone


def loss_curve(epochs: Sequence[Epoch]) -> str:
    """Return the training and validation loss of each epoch as an `<svg>` element."""
    with matplotlib.rc_context(STYLE):
        figure, axes = canvas(height=2.6)
        axes.set_title("Loss by epoch, nats an example")
        numbers = [epoch.number for epoch in epochs]
        training = [_finite(epoch.loss) for epoch in epochs]
        validation = [_finite(epoch.validation_loss) for epoch in epochs]
        axes.plot(numbers, training, "o--", color=QUIET, label="training")
        axes.plot(numbers, validation, "o-", color=ACCENT, label="validation")
        axes.legend(loc="upper right")
        _finish_curve(axes, training + validation)
        return as_svg(figure, "loss", "Training and validation loss by epoch")


def error_curve(epochs: Sequence[Epoch], error_name: str) -> str:
    """Return the validation error of each epoch, in percent, as an `<svg>` element."""
    with matplotlib.rc_context(STYLE):
        figure, axes = canvas(height=2.6)
        values = [100 * _finite(epoch.validation_error) for epoch in epochs]
        axes.plot([epoch.number for epoch in epochs], values, "o-", color=ACCENT)
        label = f"Validation {error_name} by epoch"
        finite = [value for value in values if math.isfinite(value)]
        if finite:
            lowest = min(finite)
            number = epochs[values.index(lowest)].number
            label += f", lowest {lowest:.2f} % in epoch {number}"
            axes.axhline(lowest, color=QUIET, linewidth=0.6, linestyle=":")
        axes.set_title(label)
        axes.yaxis.set_major_formatter("{x:g} %")
        _finish_curve(axes, values)
        return as_svg(figure, "error", label)


def reliability_curve(bins: Sequence[ReliabilityBin], judged: str) -> str:
    """Return how often confidences were right as an `<svg>` element.

    Args:
      bins: at least one, as `transforms.calibration.reliability` makes them.
      judged: what was right or wrong, as in "Test lines".
    """
    with matplotlib.rc_context(STYLE):
        figure, axes = canvas(height=2.8, width=3.3)
        stated = [100 * each.confidence for each in bins]
        right = [100 * each.accuracy for each in bins]
        lowest, highest = min(*stated, *right), max(*stated, *right)
        margin = 0.04 * (highest - lowest) + 0.1
        limits = (lowest - margin, highest + margin)
        axes.axline((100, 100), slope=1, color=QUIET, linewidth=0.8, linestyle=":")
        axes.plot(stated, right, "o-", color=ACCENT)
        axes.set(xlim=limits, ylim=limits, xlabel="confidence", ylabel="right")
        axes.xaxis.set_major_formatter("{x:g} %")
        axes.yaxis.set_major_formatter("{x:g} %")
        error = f"expected calibration error {100 * calibration_error(bins):.1f} points"
        axes.set_title(f"{judged}\n{error}")
        name = f"reliability-{judged.lower().replace(' ', '-')}"
        return as_svg(figure, name, f"{judged} that were right, by their confidence; {error}")


def stage_bars(stages: Sequence[StageRun]) -> str:
    """Return the wall-clock time of each stage as horizontal bars in an `<svg>` element."""
    with matplotlib.rc_context(STYLE):
        figure, axes = canvas(height=0.5 + 0.24 * len(stages))
        axes.set_title("Time by stage")
        seconds = [max(0.0, _finite(stage.seconds, otherwise=0.0)) for stage in stages]
        places = range(len(stages))
        axes.barh(places, seconds, height=0.6, color=ACCENT)
        longest = max(seconds, default=0.0) or 1.0
        for place, stage, length in zip(places, stages, seconds, strict=True):
            text = duration(stage.seconds) if stage.state == "ran" else stage.state
            axes.text(length + 0.015 * longest, place, text, va="center", color=INK)
        axes.set_yticks(places, [stage.name for stage in stages], color=INK)
        axes.tick_params(length=0)
        axes.set_xticks([])
        axes.set_xlim(0, 1.3 * longest)  # leaves room for the words behind the longest bar
        axes.invert_yaxis()
        axes.spines["bottom"].set_visible(False)
        return as_svg(figure, "stages", "Wall-clock time by stage")


def duration(seconds: float) -> str:
    """Return a time as people say it: "0.4 s", "3 min 05 s", "1 h 02 min"."""
    if not math.isfinite(seconds):
        return "not a number"
    if seconds < 59.95:  # from here on one decimal would round to 60.0 s
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _finite(value: float, otherwise: float = math.nan) -> float:
    """Return `value`, or `otherwise` for an infinite one, which no axis can hold, and for NaN."""
    return value if math.isfinite(value) else otherwise


def canvas(height: float, width: float = _WIDTH) -> tuple[Figure, Axes]:
    """Return an empty drawing; sizes in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _finish_curve(axes: Axes, values: Sequence[float]) -> None:
    """Put zero on the loss or error axis, whole epochs on the other, and name an empty plot."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    finite = [value for value in values if math.isfinite(value)]
    axes.set_ylim(bottom=min([0.0, *finite]))
    if not finite:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no finite number in any epoch", ha="center", transform=axes.transAxes)


def as_svg(figure: Figure, name: str, label: str) -> str:
    """Return the drawing as an element for a page: labelled, its ids unique under `name`."""
    buffer = io.StringIO()
    empty = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    FigureCanvasSVG(figure).print_svg(buffer, metadata=empty)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]  # the XML declaration and document type have no place in HTML
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)  # would style the whole page
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    view_box = re.search(r'viewBox="[^"]*"', svg)
    head = f'<svg class="chart" role="img" aria-label="{escape(label)}"'
    head += f' {view_box.group() if view_box else ""} xmlns:xlink="http://www.w3.org/1999/xlink">'
    return re.sub(r"<svg[^>]*>", f"{head}<title>{escape(label)}</title>", svg, count=1)
