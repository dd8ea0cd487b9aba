import math
import re
import xml.etree.ElementTree as ET

import matplotlib
import pytest

from pipeline.report import charts
from pipeline.run_result import StageRun
from trainer_module.history import Epoch
from transforms.calibration import ReliabilityBin

EPOCHS = tuple(Epoch(n, 9.0 / n, 10.0 / n, 0.5 / n, 2.0, 1e-3) for n in (1, 2, 3))
STAGES = (
    StageRun("SyntheticLines", "cached", 0.0),
    StageRun("Trainer", "ran", 185.0),
    StageRun("<Pusher & co>", "failed", 1.5),
)
BINS = (ReliabilityBin(10, 0.42, 0.5), ReliabilityBin(10, 0.98, 0.9))
DRAWINGS = {
    "test reliability": lambda: charts.reliability_curve(BINS, "Test lines"),
    "reliability": lambda: charts.reliability_curve(BINS, "Validation lines"),
    "loss": lambda: charts.loss_curve(EPOCHS),
    "error": lambda: charts.error_curve(EPOCHS, "CER"),
    "stages": lambda: charts.stage_bars(STAGES),
}


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()).strip() for e in ET.fromstring(svg).iter() if e.tag == "text"]


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_one_labelled_element_with_a_title(name):
    svg = DRAWINGS[name]()
    root = ET.fromstring(svg)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == root[0].text
    assert root[0].tag == "title"
    assert "viewBox" in root.attrib
    assert "width" not in root.attrib  # the page decides


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_same_each_time(name):
    assert DRAWINGS[name]() == DRAWINGS[name]()


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_styles_nothing_but_itself(name):
    svg = DRAWINGS[name]()
    assert "<style" not in svg
    assert "<metadata" not in svg
    assert not re.search(r"#0[123]0[123]0[123]", svg)  # each stand-in colour became a variable


def test_ids_are_unique_across_drawings_and_every_reference_resolves():
    page = "".join(draw() for draw in DRAWINGS.values())
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    references = re.findall(r'href="#([^"]+)"', page) + re.findall(r"url\(#([^)]+)\)", page)
    assert references
    assert set(references) <= set(ids)


def test_a_single_epoch_is_a_whole_one():
    assert "1" in texts(charts.loss_curve(EPOCHS[:1]))
    assert not any("0.9" in text for text in texts(charts.loss_curve(EPOCHS[:1])))


def test_text_remains_text():
    assert {"training", "validation", "Loss by epoch, nats an example"} <= set(
        texts(charts.loss_curve(EPOCHS))
    )
    # 0.5 / 3 = 16.67 % is the lowest.
    title = "Validation CER by epoch, lowest 16.67 % in epoch 3"
    assert title in texts(charts.error_curve(EPOCHS, "CER"))


def test_stage_names_are_escaped_and_states_named():
    found = texts(charts.stage_bars(STAGES))
    assert {"<Pusher & co>", "cached", "failed", "3 min 05 s"} <= set(found)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_without_a_place_on_an_axis_are_left_out(value):
    lost, found = Epoch(1, value, value, value, 1.0, 1e-3), Epoch(2, 3.0, 4.0, 0.0, 1.0, 1e-3)
    assert "lowest 0.00 % in epoch 2" in charts.error_curve([lost, found], "CER")
    ET.fromstring(charts.loss_curve([lost, found]))
    for drawn in (charts.loss_curve([lost]), charts.error_curve([lost], "CER")):
        assert "no finite number in any epoch" in texts(drawn)
    ET.fromstring(charts.stage_bars([StageRun("Trainer", "ran", value)]))


def test_a_drawing_leaves_the_settings_of_matplotlib_alone():
    before = dict(matplotlib.rcParams)
    charts.loss_curve(EPOCHS)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (185.4, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (3720.0, "1 h 02 min"),
        (math.nan, "not a number"),
    ],
)
def test_durations_read_as_people_say_them(seconds, text):
    assert charts.duration(seconds) == text


def test_reliability_tells_how_far_confidences_are_off():
    # (10 * 0.08 + 10 * 0.08) / 20
    found = texts(charts.reliability_curve(BINS, "Test lines"))
    assert {"Test lines", "expected calibration error 8.0 points"} <= set(found)


def test_a_single_confidence_that_was_right_is_drawn():
    svg = charts.reliability_curve((ReliabilityBin(1, 1.0, 1.0),), "Characters")
    assert "expected calibration error 0.0 points" in texts(svg)
