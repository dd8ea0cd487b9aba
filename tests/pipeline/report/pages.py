"""Results to draw reports of, and a strict reader of the pages that come of them."""

import dataclasses
import io
import re
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image

from pipeline.gate import LineGate
from pipeline.run_result import (
    Baseline,
    Confusion,
    Estimate,
    LineageEntry,
    MetricResult,
    Reading,
    RunResult,
    SplitSummary,
    StageRun,
)
from trainer_module.history import Epoch
from trainer_module.reliability import Reliability
from transforms.calibration import ReliabilityBin

VOID = {"meta", "img"}


def png(width: int = 60, height: int = 28) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def reading(truth: str, text: str, edits: int, **others) -> Reading:
    return Reading(f"test/{truth}", png(), truth, text, 0.875, edits, **others)


BARE = RunResult(
    pipeline="handwriting-lines",
    run_id="run-7",
    dataset="sample",
    unit="lines",
    error_name="CER",
    synthetic=False,
    command="python local_runner.py --seed 7",
    blessed=False,
    pushed=None,
    reasons=("the stage Transform failed",),
)
FULL = dataclasses.replace(
    BARE,
    synthetic=True,
    blessed=True,
    pushed=Path("served/lines/7"),
    reasons=(),
    metrics=(
        MetricResult(
            name="cer",
            slice_name="",
            examples=1200,
            units=40,
            candidate=Estimate(0.0543, 0.0501, 0.0588),
            baseline=Estimate(0.061, 0.0566, 0.0657),
            change=Estimate(-0.0067, -0.0091, -0.0042),
            bound=0.15,
            tolerance=0.005,
        ),
        MetricResult(
            name="exact_lines",
            slice_name="",
            examples=1200,
            units=40,
            candidate=Estimate(0.41, 0.38, 0.44),
            baseline=Estimate(0.4, 0.37, 0.43),
            change=Estimate(0.01, -0.01, 0.03),
        ),
        MetricResult(
            name="cer",
            slice_name="vocabulary: seen",
            examples=800,
            units=40,
            candidate=Estimate(0.0401, 0.034, 0.046),
            baseline=Estimate(0.05, 0.043, 0.057),
            change=Estimate(-0.0099, -0.013, -0.006),
            bound=0.75,
            tolerance=0.02,
        ),
        MetricResult(
            name="cer",
            slice_name="vocabulary: unseen",
            examples=400,
            units=30,
            candidate=Estimate(0.0801, 0.071, 0.09),
            baseline=Estimate(0.0501, 0.04, 0.06),
            change=Estimate(0.03, 0.018, 0.042),
            bound=0.75,
            tolerance=0.02,
        ),
    ),
    gate=LineGate(max_cer=0.15),
    baseline=Baseline(3, "runs/Trainer/model/3"),
    stages=(StageRun("Transform", "cached", 0.0), StageRun("Trainer", "ran", 185.0)),
    splits=(SplitSummary("train", 20000, 412345, 61234, 312),),
    readings=(
        reading("<b>& so", "<b& sox", 2),
        reading("gentle", "gentle", 0),
        reading("dim", "", 3, baseline_reading="dime", baseline_edits=1, worst=True),
        reading("old", "odd", 1, baseline_reading="odd", baseline_edits=1, worst=True),
    ),
    confusions=(Confusion("l", "I", 1200, 700), Confusion(" ", "", 30, 60), Confusion("", "x", 2)),
    calibration=(ReliabilityBin(600, 0.5, 0.4), ReliabilityBin(600, 0.9, 0.9)),
    reliability=Reliability((ReliabilityBin(9, 0.5, 0.4),), (ReliabilityBin(99, 0.9, 0.9),)),
    learning_curve=(Epoch(1, 40.0, 41.0, 0.5, 2.0, 1e-3), Epoch(2, 4.0, 5.0, 0.1, 2.0, 9e-4)),
    lineage=(
        LineageEntry(7, "Model", "runs/Trainer/model/7", "Trainer", (3, 99)),
        LineageEntry(3, "Examples", "runs/Ingest/examples/3", "Ingest"),
    ),
    facts={"tensorflow": "2.16.2", "seed": "7"},
)


class Page(HTMLParser):
    """Checks that elements nest and close; keeps their attributes and the visible text."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def bare(**changes) -> RunResult:
    return dataclasses.replace(BARE, **changes)


def bare_metric(**changes) -> RunResult:
    return bare(metrics=(dataclasses.replace(FULL.metrics[0], **changes),))


def read(page: str) -> str:
    """Returns the visible text of a page, every space an ordinary one."""
    return Page(page).text.replace("\N{NO-BREAK SPACE}", " ")


def section(page: str, name: str) -> str:
    """Returns the markup of one section."""
    found = re.search(rf'<section id="{name}">.*?</section>', page, re.DOTALL)
    assert found, f"no section {name}"
    return found.group()
