import io
import sys
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image

from schema.errors import InputError
from serving.predict.pdf import is_pdf, render_pages
from serving.predict.pictures import open_pictures
from serving.predict.sources import Source


@pytest.fixture(scope="module")
def document() -> bytes:
    """Two pages of 72 by 36 points, the second one with ink in its left half."""
    pages = [Image.new("L", (72, 36), "white") for _ in range(2)]
    pages[1].paste(0, (0, 0, 36, 36))
    stream = io.BytesIO()
    pages[0].save(stream, "PDF", save_all=True, append_images=pages[1:], resolution=72)
    return stream.getvalue()


def test_pages_are_drawn_at_the_resolution(document: bytes) -> None:
    pytest.importorskip("pypdfium2", reason="the extra `pdf` is not installed")
    first, second = render_pages(document, 144, 10**6)
    assert [first[:2], second[:2]] == [(1, 2), (2, 2)]
    assert first[3] == second[3] == (144, 72)
    with Image.open(io.BytesIO(second[2])) as image:
        drawn = np.asarray(image)
    assert drawn.shape == (72, 144)
    assert drawn[:, 5:65].max() < 40 < 200 < drawn[:, 80:].min()


def test_a_pdf_file_is_known_by_its_content(document: bytes) -> None:
    assert is_pdf(document)
    assert is_pdf(b"\n" + document)
    assert not is_pdf(b"\x89PNG")


def test_a_page_too_large_is_told_and_the_pages_before_it_are_read(
    document: bytes, tmp_path: Path
) -> None:
    pytest.importorskip("pypdfium2", reason="the extra `pdf` is not installed")
    with pytest.raises(InputError, match=r"at most 100 pixels, got 144 x 72 at 144 dpi for page 1"):
        next(render_pages(document, 144, 100))
    path = tmp_path / "a.pdf"
    path.write_bytes(document)
    first, second = open_pictures(Source("a.pdf", path, PurePath("a")), 72)
    assert (first.name, second.target.name) == ("a.pdf#1", "a-0002")
    assert (second.page, second.pages, second.drawn) == (2, 2, True)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2", reason="the extra `pdf` is not installed")
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4 and nothing else")
    [picture] = open_pictures(Source("a.pdf", path, PurePath("a")), 72)
    assert picture.problem.startswith("expected a PDF file without a password, got ")


def test_without_the_package_the_message_names_it(document: bytes, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(InputError, match="pip install pypdfium2"):
        next(render_pages(document, 72, 10**6))
