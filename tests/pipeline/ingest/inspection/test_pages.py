import numpy as np
import pytest

from pipeline.ingest.inspection.pages import draw_page, inspect_pages
from pipeline.ingest.records import PageLine, PageRecord
from schema.errors import InputError


def test_a_page_is_drawn_with_its_outlines_and_baselines():
    outline = ((100, 100), (900, 100), (900, 180), (100, 180))
    baseline = ((100, 160), (900, 160))
    read = PageLine("a", outline, baseline, "text")
    unread = PageLine("b", tuple((x, y + 200) for x, y in outline))
    page = PageRecord("p", np.full((1000, 1020), 255, np.uint8), (read, unread), "pages")
    picture = np.asarray(draw_page(page))
    assert picture.shape == (500, 510, 3)  # half as large
    assert picture[50, 250].tolist() == [200, 30, 30]
    assert picture[80, 250].tolist() == [30, 80, 220]
    assert picture[150, 250].tolist() == [230, 150, 0]
    assert picture[200, 250].tolist() == [255, 255, 255]


def test_pages_without_a_usable_line_are_refused(tmp_path):
    (tmp_path / "page.xml").write_text("<alto/>")
    with pytest.raises(InputError, match=r"got none in .*: page.xml: expected one element Page"):
        inspect_pages(tmp_path)
