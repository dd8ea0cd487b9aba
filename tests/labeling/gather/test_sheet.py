from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from labeling.gather import sheet_layout as layout
from labeling.gather.sheet_pdf import DPI, draw_sheet, sheet_to_pdf
from labeling.gather.sheet_photo import PER_MM, read_sheet
from schema.errors import InputError
from tests.labeling.gather.photograph import photograph

NUMBER = 0x3FA019
PROMPTS = [f"Prompt {n} with y, g and q" for n in range(layout.LINES)]
SMALL = (1200, 1560)


@pytest.fixture(scope="module")
def written():
    """A sheet with a bar and a descender on each line but the third."""
    sheet = draw_sheet(NUMBER, PROMPTS)
    draw = ImageDraw.Draw(sheet)
    for line in range(layout.LINES):
        left, top, _, _ = (side * DPI / 25.4 for side in layout.writing_box(line))
        if line != 2:
            base = top + layout.BASELINE * DPI / 25.4
            draw.rectangle((left + 40, base - 50, left + 240 + 40 * line, base), fill=40)
            draw.rectangle((left + 60, base, left + 70, base + 35), fill=40)
    return sheet


@given(st.integers(0, 2**layout.NUMBER_BITS - 1))
def test_cells_tell_their_number(number):
    assert layout.cells_to_number(layout.number_to_cells(number)) == number


@given(st.integers(0, 2**layout.NUMBER_BITS - 1), st.integers(0, layout.CELLS - 1))
def test_a_cell_misread_is_noticed(number, wrong):
    cells = list(layout.number_to_cells(number))
    cells[wrong] = not cells[wrong]
    assert layout.cells_to_number(tuple(cells)) is None


def test_nothing_on_a_sheet_overlaps():
    boxes = [layout.writing_box(line) for line in range(layout.LINES)]
    for (_, _, _, bottom), (_, top, _, _) in pairwise(boxes):
        assert top - bottom > 5  # room for the next prompt
    assert boxes[-1][3] < layout.MARKS[2][1] - layout.MARK
    assert layout.cell_box(0)[0] > layout.MARKS[0][0] + layout.MARK / 2
    assert layout.cell_box(layout.CELLS - 1)[2] < layout.MARKS[1][0] - layout.MARK / 2


@pytest.mark.parametrize(
    "how",
    [
        {"turned": 4},
        {"turned": 90, "tilt": 0.03, "light": 0.35},
        {"turned": 184, "noise": 10.0},
        {"turned": -86, "tilt": 0.05},
    ],
)
def test_lines_are_cut_out_of_a_photograph(written, how):
    photo = photograph(written, np.random.default_rng(7), size=SMALL, **how)
    sheet = read_sheet(photo, "photo.jpg")
    assert sheet.number == NUMBER
    lines = [sheet.line(line) for line in range(layout.LINES)]
    assert lines[2] is None
    for line, cut in enumerate(lines):
        if line == 2:
            continue
        height, width = (85 / DPI * 25.4, (200 + 40 * line) / DPI * 25.4)
        margin = 2 * (np.ceil(0.08 * cut.shape[0]) + 1)
        assert abs(cut.shape[0] - height * PER_MM - margin) < 8
        assert abs(cut.shape[1] - width * PER_MM - margin) < 12
        # Dark ink on white, and nothing of guides or shadows.
        assert cut[:4].min() == cut[-4:].min() == 255
        assert cut.min() < 130


@pytest.mark.parametrize("corner", range(4))
def test_a_covered_mark_is_told(written, corner):
    covered = written.copy()
    x, y = (place * DPI / 25.4 for place in layout.MARKS[corner])
    ImageDraw.Draw(covered).ellipse((x - 30, y - 30, x + 90, y + 90), fill=200)
    photo = photograph(covered, np.random.default_rng(1), size=SMALL)
    with pytest.raises(InputError) as caught:
        read_sheet(photo, "photo.jpg")
    assert "four corner marks, got 3 in photo.jpg: photograph the whole sheet" in str(caught.value)


def test_a_covered_number_is_told(written):
    covered = written.copy()
    left, top, _, bottom = (side * DPI / 25.4 for side in layout.cell_box(0))
    ImageDraw.Draw(covered).rectangle((left, top, left + 500, bottom), fill=255)
    with pytest.raises(InputError, match="no readable strip"):
        read_sheet(photograph(covered, np.random.default_rng(1), size=SMALL), "photo.jpg")


@pytest.mark.parametrize(
    "image",
    [
        np.full((900, 700), 255, np.uint8),
        np.zeros((900, 700), np.uint8),
        np.random.default_rng(0).integers(0, 256, (900, 700), np.uint8),
        np.zeros((1, 1), np.uint8),
    ],
)
def test_other_pictures_are_no_sheets(image):
    with pytest.raises(InputError, match=r"got 0 in x\.png"):
        read_sheet(image, "x.png")


def test_the_sheet_is_a_pdf_that_draws_as_it_was_drawn(tmp_path):
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(sheet_to_pdf(NUMBER, PROMPTS[:3]))
    assert len(document) == 1
    page = document[0]
    assert np.allclose(page.get_size(), (210 / 25.4 * 72, 297 / 25.4 * 72), atol=0.5)
    drawn = page.render(scale=DPI / 72, grayscale=True).to_numpy()
    drawn = drawn.reshape(drawn.shape[:2])
    assert read_sheet(np.pad(drawn, 60, constant_values=120), "x").number == NUMBER


@pytest.mark.parametrize("count", [0, layout.LINES + 1])
def test_a_sheet_has_some_lines(count):
    with pytest.raises(InputError, match=f"got {count}"):
        draw_sheet(NUMBER, ["x"] * count)


def test_pictures_are_read_whatever_their_size(written):
    tiny = written.resize((400, 566), Image.Resampling.LANCZOS)
    with pytest.raises(InputError, match="expected a sheet"):
        read_sheet(np.asarray(tiny.resize((100, 141))), "tiny.png")
