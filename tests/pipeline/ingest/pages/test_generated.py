import numpy as np
import pytest

from pipeline.ingest.pages.bands import page_bands
from pipeline.ingest.pages.generated import SOURCE, generate_pages
from schema import line_bands


@pytest.fixture(scope="module")
def pages():
    return list(generate_pages(8, seed=1))


def test_a_page_is_decided_by_seed_and_number(pages):
    [again] = generate_pages(1, seed=1, first=3)
    assert again.page_id == pages[3].page_id
    np.testing.assert_array_equal(again.image, pages[3].image)
    assert again.lines == pages[3].lines
    [other] = generate_pages(1, seed=2, first=3)
    assert other.image.shape != pages[3].image.shape or (other.image != pages[3].image).any()


def test_pages_have_lines_of_ink(pages):
    for page in pages:
        assert page.source == SOURCE
        assert page.image.dtype == np.uint8
        assert len(page.lines) >= 1
        for line in page.lines:
            xs, ys = np.array(line.polygon).T
            inside = page.image[int(ys.min()) : int(ys.max()) + 1, int(xs.min()) : int(xs.max())]
            assert inside.min() < np.median(page.image) - 20


def test_outlines_lie_on_the_page(pages):
    for page in pages:
        height, width = page.image.shape
        points = np.concatenate([line.polygon for line in page.lines])
        assert points.min() >= 0
        assert points[:, 0].max() <= width
        assert points[:, 1].max() <= height


def test_baselines_lie_in_their_boxes(pages):
    for page in pages:
        rows = page_bands(page)
        middle = rows[:, line_bands.Y][:, line_bands.POINTS // 2]
        assert (middle >= rows[:, 0] - 1).all()
        assert (middle <= rows[:, 2] + 1).all()


def test_line_ids_are_distinct(pages):
    for page in pages:
        assert len({line.line_id for line in page.lines}) == len(page.lines)
