import numpy as np
import pytest

from pipeline.ingest.pages.bands import line_band, page_bands
from pipeline.ingest.records import PageLine, PageRecord
from schema import line_bands

BOX = ((10.0, 20.0), (110.0, 20.0), (110.0, 60.0), (10.0, 60.0))
# The small letters reach to 40; a capital stands at the left, a tail hangs at the right.
LETTERS = (
    *((10.0, 20.0), (20.0, 20.0), (22.0, 40.0), (110.0, 40.0)),
    *((110.0, 70.0), (100.0, 70.0), (98.0, 60.0), (10.0, 60.0)),
)
BASE = ((10.0, 58.0), (110.0, 58.0))


def test_the_small_letters_tell_the_height():
    row = line_band(PageLine("a", LETTERS, BASE))
    assert row[line_bands.BOX].tolist() == [20, 10, 70, 110]
    assert row[line_bands.HEIGHT] == pytest.approx(18)  # 58 - 40
    assert row[line_bands.OVER] == pytest.approx(38)  # 58 - 20
    assert row[line_bands.UNDER] == pytest.approx(12)  # 70 - 58
    assert row[line_bands.COUNTED] == 1


def test_a_box_has_small_letters_of_a_share_of_its_height():
    row = line_band(PageLine("a", BOX, BASE))
    assert row[line_bands.HEIGHT] == pytest.approx(0.6 * 40)


def test_without_a_baseline_one_is_guessed():
    row = line_band(PageLine("a", BOX))
    np.testing.assert_allclose(row[line_bands.Y], 50)  # three quarters down


def test_a_tilted_outline_has_a_tilted_guess():
    outline = ((0.0, 0.0), (100.0, 50.0), (100.0, 90.0), (0.0, 40.0))
    row = line_band(PageLine("a", outline))
    assert row[line_bands.Y][0] == pytest.approx(30, abs=1)
    assert row[line_bands.Y][-1] == pytest.approx(80, abs=1)
    # The box is exact: highest point of the baseline less OVER, lowest plus UNDER.
    assert row[line_bands.Y].max() + row[line_bands.UNDER] == pytest.approx(90)


@pytest.mark.parametrize("points", [BASE[::-1], (*BASE, BASE[0])])
def test_a_baseline_in_any_order_is_the_same(points):
    np.testing.assert_allclose(
        line_band(PageLine("a", BOX, points)), line_band(PageLine("a", BOX, BASE))
    )


def test_a_stub_of_a_baseline_is_not_believed():
    stub = line_band(PageLine("a", BOX, ((10.0, 30.0), (20.0, 30.0))))
    np.testing.assert_allclose(stub, line_band(PageLine("a", BOX)))


def test_a_baseline_outside_its_outline_is_moved_in():
    row = line_band(PageLine("a", BOX, ((10.0, 90.0), (110.0, 90.0))))
    assert row[line_bands.Y].max() == 59
    assert row[line_bands.HEIGHT] > 0


def test_an_upright_line_has_its_box():
    outline = ((10.0, 0.0), (20.0, 0.0), (20.0, 300.0), (10.0, 300.0))
    row = line_band(PageLine("a", outline, ((15.0, 0.0), (15.0, 300.0))))
    assert row[line_bands.BOX].tolist() == [0, 10, 300, 20]
    assert np.isfinite(row).all()


def test_a_page_has_a_row_for_each_line():
    lines = PageLine("a", BOX, BASE), PageLine("b", LETTERS, BASE)
    page = PageRecord("p", np.zeros((200, 200), np.uint8), lines, "test")
    rows = page_bands(page, ignored={"b"})
    assert rows.shape == (2, line_bands.COLUMNS)
    assert rows.dtype == np.float32
    assert rows[:, line_bands.COUNTED].tolist() == [1, 0]
    empty = PageRecord("p", np.zeros((200, 200), np.uint8), (), "test")
    assert page_bands(empty).shape == (0, line_bands.COLUMNS)
