import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.ingest.images import ImageProblem
from pipeline.ingest.pages.cut import cut_line, lines_of
from pipeline.ingest.records import PageLine, PageRecord, Problems

PAPER, INK = 220, 30
SIZE = 600
CENTRE = np.array([300.0, 300.0])
LENGTH, ABOVE, BELOW = 400, 40, 20  # pixels


def drawn(angle: float = 0.0, bow: float = 0.0, noise: int = 0):
    """A page with one line, its polygon and baseline: a bar on the baseline, a mark at the start.

    The bar is 12 pixels high and stands on the baseline; the mark rises 30 pixels above it.

    Args:
      angle: degrees, clockwise on the page.
      bow: how far the middle lies below the ends, in pixels.
      noise: amplitude of the grain of the paper.

    Returns:
      image [600, 600], uint8; polygon [n, 2]; baseline [n, 2].
    """
    turn = np.radians(angle)
    along = np.array([np.cos(turn), np.sin(turn)])
    down = np.array([-np.sin(turn), np.cos(turn)])
    grain = np.random.default_rng(0).integers(-noise, noise + 1, (SIZE, SIZE))
    y, x = np.mgrid[:SIZE, :SIZE]
    offset = np.stack([x, y], axis=-1) - CENTRE  # [600, 600, 2]
    s = offset @ along
    t = offset @ down - sag(s, bow)
    bar = (np.abs(s) < LENGTH / 2 - 20) & (t > -12) & (t <= 0)
    mark = (np.abs(s + LENGTH / 2 - 30) < 5) & (t > -30) & (t <= 0)
    image = np.where(bar | mark, INK, PAPER) + grain

    def points(stations, distance):
        return [tuple(CENTRE + u * along + (sag(u, bow) + distance) * down) for u in stations]

    stations = np.linspace(-LENGTH / 2, LENGTH / 2, 21)
    polygon = points(stations, -ABOVE) + points(stations[::-1], BELOW)
    return image.astype(np.uint8), tuple(polygon), tuple(points(stations, 0))


def sag(s, bow: float):
    return bow * (1 - (2 * s / LENGTH) ** 2)


def rows_of_ink(cut: np.ndarray, columns: slice) -> tuple[int, int]:
    rows = np.flatnonzero((cut[:, columns] < (PAPER + INK) / 2).any(axis=1))
    return int(rows[0]), int(rows[-1])


def assert_level(cut: np.ndarray, longer: float = 0) -> None:
    """The bar is level from end to end, and the mark rises at the left."""
    assert cut.dtype == np.uint8
    assert LENGTH - 15 < cut.shape[1] < LENGTH + 15 + longer
    assert cut.shape[0] == pytest.approx(ABOVE + BELOW, abs=12)
    width = cut.shape[1]
    for start in (width // 4, width // 2, 3 * width // 4):
        top, bottom = rows_of_ink(cut, slice(start, start + 20))
        assert bottom - top + 1 == pytest.approx(12, abs=2)
        assert bottom == pytest.approx(ABOVE + 3, abs=4)
    top, bottom = rows_of_ink(cut, slice(0, 50))
    assert bottom - top + 1 == pytest.approx(30, abs=3)


@pytest.mark.parametrize("angle", [0, 5, -20, 44, -44, 60, -90, 90, 135, 180])
def test_rotated_lines_are_straightened(angle: float) -> None:
    image, polygon, baseline = drawn(angle)
    assert_level(cut_line(image, PageLine("l", polygon, baseline)))


@pytest.mark.parametrize("bow", [40.0, -40.0])
@pytest.mark.parametrize("angle", [0, -15])
def test_curved_lines_are_straightened(bow: float, angle: float) -> None:
    image, polygon, baseline = drawn(angle, bow)
    assert_level(cut_line(image, PageLine("l", polygon, baseline)), longer=abs(bow))


def test_a_baseline_drawn_backwards_does_not_turn_the_line() -> None:
    image, polygon, baseline = drawn(10)
    assert_level(cut_line(image, PageLine("l", polygon, baseline[::-1])))


@pytest.mark.parametrize("angle", [0, 8, -25])
def test_without_a_baseline_the_outline_tells_the_angle(angle: float) -> None:
    image, polygon, _ = drawn(angle)
    assert_level(cut_line(image, PageLine("l", polygon)))


def test_a_short_line_without_a_baseline_is_cut_as_its_box() -> None:
    image = np.full((100, 100), PAPER, np.uint8)
    image[30:60, 40:50] = INK
    cut = cut_line(image, PageLine("l", ((30, 20), (60, 22), (62, 70), (31, 68))))
    assert rows_of_ink(cut, slice(None)) == (13, 42)  # 30 less 20, and the margin of 3 above


@pytest.mark.parametrize(
    "baseline",
    [
        ((100.0, 300.0),),
        ((100.0, 300.0), (100.0, 300.0)),
        ((100.0, 300.0), (101.0, 310.0)),
        tuple((100.0 + 400 * (n % 2), 300.0) for n in range(200)),
    ],
)
def test_a_baseline_that_follows_no_line_is_ignored(baseline) -> None:
    image, polygon, _ = drawn()
    assert_level(cut_line(image, PageLine("l", polygon, baseline)))


def test_the_baseline_may_be_shorter_than_the_line() -> None:
    image, polygon, baseline = drawn(-12)
    assert_level(cut_line(image, PageLine("l", polygon, baseline[6:15])))


@pytest.mark.parametrize("slope", [0, 60])
def test_outside_the_outline_is_local_paper(slope: int) -> None:
    image, polygon, baseline = drawn(noise=4)
    shade = np.linspace(-slope, 0, SIZE).astype(int)  # darker paper to the left
    image = np.clip(image.astype(int) + shade, 0, 255).astype(np.uint8)
    image[:262] = 0  # a neighbour reaches into the box of the line
    notched = [*polygon[:8], *((x, y + 15) for x, y in polygon[8:14]), *polygon[14:]]
    image[255:265, 250:350] = 0
    cut = cut_line(image, PageLine("l", tuple(notched), baseline)).astype(int)
    notch = cut[2:6, 170:240]  # outside the outline
    expected = PAPER + shade[np.arange(170, 240) + 97]
    assert np.abs(notch - expected).max() <= 12


def test_light_ink_on_dark_paper_is_filled_dark() -> None:
    image, polygon, baseline = drawn(20)
    cut = cut_line(255 - image, PageLine("l", polygon, baseline))
    assert abs(int(cut[0, 0]) - (255 - PAPER)) <= 3
    assert_level(255 - cut)


def test_a_letter_that_sticks_out_is_completed() -> None:
    image, polygon, baseline = drawn()
    image[245:300, 300:306] = INK  # rises 55 pixels, 15 above the outline
    cut = cut_line(image, PageLine("l", polygon, baseline))
    top, bottom = rows_of_ink(cut, slice(195, 215))
    assert bottom - top + 1 == 56  # the bar stands one row lower


def test_a_stroke_that_goes_on_is_cut_at_the_outline() -> None:
    image, polygon, baseline = drawn()
    image[100:300, 300:306] = INK
    assert cut_line(image, PageLine("l", polygon, baseline)).shape[0] <= ABOVE + BELOW + 8


def test_a_neighbour_that_reaches_in_is_not_taken() -> None:
    image, polygon, baseline = drawn()
    image[236:266, 280:330] = INK  # most of it above the outline, which begins at 260
    assert cut_line(image, PageLine("l", polygon, baseline)).shape[0] <= ABOVE + BELOW + 8


def test_an_outline_that_crosses_itself_has_no_holes() -> None:
    image, _, baseline = drawn()
    # Twice around the line: an even number of windings, which plain filling leaves empty.
    ring = ((100, 260), (500, 260), (500, 320), (100, 320))
    assert_level(cut_line(image, PageLine("l", ring + ring, baseline)))


def test_lines_at_the_edge_of_the_page_are_cut() -> None:
    image, polygon, baseline = drawn(10)
    page = image[250:360, 100:480]
    moved = [tuple(np.clip((x - 100, y - 250), 0, (379, 109))) for x, y in polygon]
    cut = cut_line(
        page, PageLine("l", tuple(moved), tuple((x - 100, y - 250) for x, y in baseline))
    )
    width = cut.shape[1]
    tops = [rows_of_ink(cut, slice(at, at + 10)) for at in range(width // 4, width * 3 // 4, 20)]
    assert np.ptp([bottom for _, bottom in tops]) <= 2
    whole = np.full((40, 90), PAPER, np.uint8)
    box = ((0, 0), (89, 0), (89, 39), (0, 39))
    shape = cut_line(whole, PageLine("l", box, ((0, 30), (89, 30)))).shape
    assert shape == pytest.approx((40, 90), abs=1)


@pytest.mark.parametrize("height", [1, 28, 64, 200])
def test_a_height_keeps_the_proportions(height: int) -> None:
    image, polygon, baseline = drawn(7)
    line = PageLine("l", polygon, baseline)
    full, scaled = cut_line(image, line), cut_line(image, line, height)
    assert scaled.shape[0] == height
    assert scaled.shape[1] == max(round(full.shape[1] * height / full.shape[0]), 1)
    assert scaled.dtype == np.uint8


def test_an_outline_off_the_page_is_refused() -> None:
    image, polygon, _ = drawn()
    away = tuple((x + 5000, y) for x, y in polygon)
    with pytest.raises(ImageProblem, match="line l: mark"):
        cut_line(image, PageLine("l", away))


number = st.floats(0, 79, width=32)
points = st.tuples(number, number)


@settings(max_examples=150, deadline=None)
@given(
    polygon=st.lists(points, min_size=3, max_size=12),
    baseline=st.lists(points, max_size=8),
    flat=st.integers(0, 255),
)
def test_any_outline_and_baseline_on_the_page_give_a_line(polygon, baseline, flat) -> None:
    assume(np.ptp(polygon, axis=0).min() >= 1)
    image = np.full((80, 80), flat, np.uint8)
    image[::3] = 255 - flat
    cut = cut_line(image, PageLine("l", tuple(polygon), tuple(baseline)))
    assert cut.dtype == np.uint8
    assert 0 < cut.size < 400 * 400


def test_lines_carry_where_they_come_from(page) -> None:
    lines = tuple(
        PageLine(line.line_id, line.polygon, line.baseline, line.text) for line in page.lines
    )
    record = PageRecord(
        "p", np.asarray(page.picture()), lines, "archive", split="test", writer="w1"
    )
    problems = Problems()
    cut = list(lines_of(record, problems))
    assert [line.sample_id for line in cut] == ["p/l1", "p/l2", "p/l3"]
    for one, drawn_line in itertools.zip_longest(cut, page.lines):
        assert (one.text, one.source, one.page) == (drawn_line.text, "archive", "p")
        assert (one.split, one.writer) == ("test", "w1")
        assert one.image.shape == pytest.approx((47, 347), abs=1)
    assert problems.taken == 3
    assert list(lines_of(dataclasses.replace(record, lines=()), problems)) == []


def test_a_line_without_pixels_is_left_out_and_named(page) -> None:
    outside = PageLine("off", ((500, 500), (600, 500), (600, 540)), text="nowhere")
    record = PageRecord("p", np.asarray(page.picture()), (outside,), "archive")
    problems = Problems(tolerated_share=1.0)
    assert list(lines_of(record, problems)) == []
    assert str(problems.found[0]).startswith("p, off: expected an outline around pixels")
