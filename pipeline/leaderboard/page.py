"""The leaderboard as one HTML file: sortable tables, curves, fronts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import jinja2
from markupsafe import Markup

from pipeline.leaderboard.charts import curves_chart, pareto_chart
from pipeline.leaderboard.entry import TRIAL, Entry
from pipeline.leaderboard.ranking import group, split_groups
from pipeline.leaderboard.table import tell_fraction, tell_latency, tell_size
from pipeline.models.wording import tell_time
from serving.html_page.page import make_environment

_SYNTHETIC = "sample"
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Section:
    """The entries of a group, whose errors can be held against each other.

    Args:
      title: of the section.
      error_name: what the error is called.
      measured: whether these are models, with a test split, latency and size; trials have none.
      entries: ranked.
      charts: as SVG.
      synthetic: whether the handwriting is made from fonts.
    """

    title: str
    error_name: str
    measured: bool
    entries: Sequence[Entry]
    charts: Sequence[Markup]
    synthetic: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The headings of the table."""
        validation = f"validation {self.error_name}"
        if not self.measured:
            return ("trial", "network", "settings", validation, "state")
        test = f"test {self.error_name}"
        told = ("training", "trained", "data", "network", test, validation)
        return (*told, "latency", "size", "verdict")


def render(entries: Sequence[Entry], workspace: str) -> str:
    """Returns the page.

    Args:
      entries: ranked.
      workspace: what the page is of.
    """
    sections = [_make_section(group, i) for i, group in enumerate(split_groups(entries))]
    template = _environment().get_template("leaderboard.html.jinja")
    return template.render(sections=sections, workspace=workspace, count=len(entries))


def _make_section(entries: Sequence[Entry], number: int) -> Section:
    task, dataset, kind = group(entries[0])
    title = f"{task} of {dataset or 'unknown data'}"
    charts = (
        pareto_chart(entries, lambda each: each.latency_ms, "latency, ms", f"latency-{number}"),
        pareto_chart(entries, _megabytes, "size, MB", f"size-{number}"),
        curves_chart(entries, f"curves-{number}"),
    )
    return Section(
        title=f"{title}, trials of searches" if kind == TRIAL else title,
        error_name=entries[0].error_name,
        measured=kind != TRIAL,
        entries=entries,
        # The charts escape what they draw: they are markup already.
        charts=[Markup(chart) for chart in charts if chart],
        synthetic=dataset == _SYNTHETIC,
    )


def _megabytes(entry: Entry) -> float | None:
    return None if entry.model_bytes is None else entry.model_bytes / _MEGABYTE


@cache
def _environment() -> jinja2.Environment:
    filters = {
        "fraction": tell_fraction,
        "latency": tell_latency,
        "size": tell_size,
        "time": tell_time,
    }
    return make_environment("pipeline.leaderboard", filters)
