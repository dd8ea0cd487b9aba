"""What a look at a page tells without its pixels; `test_reader.py` has everything else."""

from pathlib import Path

from pipeline.ingest.pages.survey import survey_pages
from pipeline.ingest.records import Problems


def survey(folder: Path):
    problems = Problems(tolerated_share=1.0)
    return list(survey_pages(folder, problems)), problems


def test_a_page_is_surveyed_without_decoding_its_picture(tmp_path: Path, page) -> None:
    page.write(tmp_path, page.alto())
    picture = tmp_path / "page.png"
    picture.write_bytes(picture.read_bytes()[:100])  # the header is whole, the pixels are gone
    (found,), problems = survey(tmp_path)
    assert found.page_id == "page"
    assert found.size == (400, 300)
    assert [line.line_id for line in found.lines] == ["l1", "l2", "l3"]
    assert (problems.taken, problems.found) == (0, [])


def test_a_picture_of_another_size_is_found_by_its_header(tmp_path: Path, page) -> None:
    page.write(tmp_path, page.alto())
    page.picture().resize((200, 150)).save(tmp_path / "page.png")
    found, problems = survey(tmp_path)
    assert not found
    assert len(problems.found) == 3  # each line counts
    assert "expected a picture of 400 x 300 pixels as declared, got 200 x 150" in str(
        problems.found[0]
    )
