from PIL import Image

from pipeline.ingest.inspection import Panel
from pipeline.ingest.inspection.contact_sheet import SHEET_WIDTH, draw_sheet


def panel(width, height=40, caption="caption"):
    return Panel(Image.new("L", (width, height), 0), caption)


def test_panels_stand_in_as_many_columns_as_they_leave_room_for():
    narrow, wide = draw_sheet([panel(300)] * 6), draw_sheet([panel(700)] * 6)
    # Two rows of three, three rows of two: 40 pixels, 22 of caption and 12 of margin each.
    assert narrow.size == (SHEET_WIDTH, 2 * 74 + 12)
    assert wide.size == (SHEET_WIDTH, 3 * 74 + 12)


def test_a_long_caption_does_not_run_into_its_neighbour():
    sheet = draw_sheet([panel(300, caption="w" * 500), panel(300, caption="")])
    column = (SHEET_WIDTH - 12) // 3
    assert sheet.crop((column, 52, column + 12, 74)).getcolors() == [(12 * 22, (245, 243, 238))]


def test_any_alphabet_can_be_written():
    letters = draw_sheet([panel(10, caption="é")])
    assert letters.tobytes() != draw_sheet([panel(10, caption="ж")]).tobytes()
