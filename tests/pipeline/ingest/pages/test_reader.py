import os
import re
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.ingest.pages.cut import lines_of
from pipeline.ingest.pages.reader import read_pages
from pipeline.ingest.pages.survey import LineTypes
from pipeline.ingest.records import Problems
from schema.errors import InputError


def read(folder: Path, *args, **options):
    """Reads however much is wrong: the pages and what was noted."""
    problems = Problems(tolerated_share=1.0)
    return list(read_pages(folder, problems, *args, **options)), problems


@pytest.mark.parametrize("form", ["alto", "page_xml"])
def test_both_formats_give_the_same_page(tmp_path: Path, page, form: str) -> None:
    (record,), problems = read(page.write(tmp_path, getattr(page, form)()))
    assert (record.page_id, record.source) == ("page", "pages")
    np.testing.assert_array_equal(record.image, np.asarray(page.picture()))
    assert [line.line_id for line in record.lines] == ["l1", "l2", "l3"]
    assert record.lines[0].polygon == page.lines[0].polygon
    assert (problems.taken, problems.found) == (3, [])


def test_sub_folders_are_read_in_order(tmp_path: Path, page) -> None:
    for name in ("b", "a/deeper", "a"):
        page.write(tmp_path / name, page.alto())
    records, problems = read(tmp_path, source="archive")
    assert [record.page_id for record in records] == ["a/deeper/page", "a/page", "b/page"]
    assert {record.source for record in records} == {"archive"}
    assert problems.taken == 9


HANDWRITTEN = frozenset({"DefaultLine:Handwritten"})


@pytest.mark.parametrize(
    ("types", "ids"),
    [
        (LineTypes(keep=HANDWRITTEN), ["l1", "l2"]),
        (LineTypes(skip=HANDWRITTEN), ["l3"]),
        (LineTypes(), ["l1", "l2", "l3"]),
    ],
)
def test_line_types_are_kept_or_skipped(tmp_path: Path, page, types, ids: list[str]) -> None:
    (record,), problems = read(page.write(tmp_path, page.alto()), types)
    assert [line.line_id for line in record.lines] == ids
    assert (problems.taken, problems.found) == (len(ids), [])


def test_types_that_no_line_has_are_refused_with_those_there_are(tmp_path: Path, page) -> None:
    page.write(tmp_path, page.alto())
    with pytest.raises(InputError, match="'DefaultLine:Handwritten', 'DefaultLine:Print'"):
        read(tmp_path, LineTypes(keep=frozenset({"Handwritten"})))
    with pytest.raises(InputError, match="Handwritten in both"):
        LineTypes(HANDWRITTEN, HANDWRITTEN)


def test_what_is_wrong_with_a_line_of_another_type_does_not_count(tmp_path: Path, page) -> None:
    xml = page.alto().replace("printed line", "").replace("40 190 200 190", "x")
    _, problems = read(page.write(tmp_path, xml), LineTypes(keep=HANDWRITTEN))
    assert problems.found == []


def test_a_line_without_a_transcription_serves_the_detector(tmp_path: Path, page) -> None:
    (record,), problems = read(page.write(tmp_path, page.alto().replace("second line", " ")))
    assert [line.text for line in record.lines] == ["first line", "", "printed line"]
    assert [line.sample_id for line in lines_of(record, Problems())] == ["page/l1", "page/l3"]
    assert problems.taken == 2
    (problem,) = problems.found
    assert (problem.file, problem.sample_id) == ("page.xml", "l2")
    assert "got none" in problem.reason


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('ID="l2"', 'ID="l1"', "id of its own"),
        ("30 90 370 90 370 130 30 130", "30 90 370 90", "at least 3 points, got 2"),
        ("30 90 370 90 370 130 30 130", "", "at least 3 points, got 0"),
        ("30 90 370 90 370 130 30 130", "30 90 370 90 200 90", "340 wide and 0 high"),
        ("30 90 370 90 370 130 30 130", "30 90 30 90 30 90", "0 wide and 0 high"),
        ("30 90 370 90 370 130 30 130", "30 90 411 90 370 130", "400 x 300 pixels.*411, 90"),
        ("30 90 370 90 370 130 30 130", "-30 90 370 90 370 130", "-30, 90"),
        ("30 90 370 90 370 130 30 130", "30 90 1e300 90 370 130", "1e.300, 90"),
        ("30 90 370 90 370 130 30 130", "30 90 370 90 370 here", "pairs of numbers"),
        ("40 120 200 120 360 120", "40 120 900 120", "baseline within"),
    ],
)
def test_a_bad_line_is_left_out_and_named(tmp_path: Path, page, old, new, said: str) -> None:
    assert old in page.alto()
    (record,), problems = read(page.write(tmp_path, page.alto().replace(old, new)))
    assert [line.line_id for line in record.lines] == ["l1", "l3"]
    (problem,) = problems.found
    assert problem.file == "page.xml"
    assert problem.sample_id in ("l1", "l2")
    assert re.search(said, problem.reason)


def test_an_outline_a_few_pixels_outside_is_clipped(tmp_path: Path, page) -> None:
    xml = page.alto().replace("30 20 370 20", "-3 -1 405 20")
    (record,), problems = read(page.write(tmp_path, xml))
    assert record.lines[0].polygon[:2] == ((0, 0), (399, 20))
    assert problems.found == []


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
EXTERNAL = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<alto", BOMB + "<alto", "DTDForbidden"),
        ("<alto", EXTERNAL + "<alto", "DTDForbidden"),
        ("<alto", '<!DOCTYPE alto SYSTEM "http://nowhere.invalid/alto.dtd"><alto', "DTDForbidden"),
        ("</Layout>", "", "well-formed"),
        ("first line", "&undefined;", "well-formed"),
        ('encoding="UTF-8"', 'encoding="no-such"', "well-formed"),
        ('ns-v4#">', 'ns-v4#"/><!--', "well-formed"),
        ("alto", "html", "got html"),
        ("TextLine", "Other", "elements TextLine, got none"),
        (">pixel<", ">inch1200<", "'inch1200'"),
    ],
)
def test_a_bad_file_is_left_out_and_named(tmp_path: Path, page, old, new, said: str) -> None:
    page.write(tmp_path / "good", page.alto())
    page.write(tmp_path / "bad", page.alto().replace(old, new))
    records, problems = read(tmp_path)
    assert [record.page_id for record in records] == ["good/page"]
    (problem,) = problems.found
    assert (problem.file, problem.sample_id) == ("bad/page.xml", "")
    assert said in problem.reason


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png",
        "/etc/secret.png",
        "a/../../secret.png",
        "..\\secret.png",
        "C:\\secret.png",
        "C:secret.png",
        "\\\\host\\share\\secret.png",
    ],
)
def test_a_picture_name_that_leads_out_is_refused(tmp_path: Path, page, name: str) -> None:
    page.picture().save(tmp_path / "secret.png")
    folder = page.write(tmp_path / "in", page.alto().replace("page.png", name))
    records, problems = read(folder)
    assert records == []
    assert "leads out of the folder" in problems.found[0].reason


def test_each_line_of_a_page_without_its_picture_counts(tmp_path: Path, page) -> None:
    page.write(tmp_path, page.alto(), picture=False)
    _, problems = read(tmp_path)
    assert [problem.sample_id for problem in problems.found] == ["l1", "l2", "l3"]
    assert "got no page.png" in problems.found[0].reason


@pytest.mark.parametrize("name", ["", "renamed.tif"])
def test_a_picture_named_like_the_file_is_found(tmp_path: Path, page, name: str) -> None:
    page.write(tmp_path, page.alto().replace("page.png", name))
    assert len(read(tmp_path)[0]) == 1


def test_pictures_may_lie_above_the_folder_page(tmp_path: Path, page) -> None:
    page.write(tmp_path / "page", page.page_xml(), picture=False)
    page.picture().save(tmp_path / "page.png")
    (tmp_path / "mets.xml").write_text('<mets xmlns="http://www.loc.gov/METS/"/>')
    (record,), problems = read(tmp_path)
    assert record.page_id == "page/page"
    assert problems.found == []


def test_a_picture_is_not_read_twice(tmp_path: Path, page) -> None:
    page.write(tmp_path, page.alto())
    page.write(tmp_path / "page", page.page_xml(), picture=False)
    records, problems = read(tmp_path)
    assert [record.page_id for record in records] == ["page/page"]
    assert {problem.file for problem in problems.found} == {"page.xml"}
    assert "another one in page/page.xml" in problems.found[0].reason


def test_a_picture_of_another_size_is_refused(tmp_path: Path, page) -> None:
    folder = page.write(tmp_path, page.alto())
    page.picture().resize((200, 150)).save(folder / "page.png")
    records, problems = read(folder)
    assert records == []
    assert "400 x 300 pixels as declared, got 200 x 150 in page.png" in problems.found[0].reason


def test_a_broken_or_huge_picture_is_refused(tmp_path: Path, page) -> None:
    folder = page.write(tmp_path, page.alto())
    assert "at most 1,000" in read(folder, max_pixels=1000)[1].found[0].reason
    data = (folder / "page.png").read_bytes()
    (folder / "page.png").write_bytes(data[: len(data) // 2])
    assert "in page.png" in read(folder)[1].found[0].reason


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got none at"):
        read(tmp_path)
    with pytest.raises(InputError, match="got none at"):
        read(tmp_path / "missing")


def test_too_many_problems_stop_the_reading(tmp_path: Path, page) -> None:
    page.write(tmp_path, page.alto().replace("second line", ""))
    with pytest.raises(InputError, match=r"got 1: page\.xml, l2"):
        list(read_pages(tmp_path, Problems()))


def test_one_page_is_in_memory_at_a_time(tmp_path: Path, page) -> None:
    side, pages = 2000, 5
    big = page.alto().replace('WIDTH="400" HEIGHT="300"', f'WIDTH="{side}" HEIGHT="{side}"')
    for number in range(pages):
        page.write(tmp_path, big.replace("page.png", f"{number}.png"), f"{number}", picture=False)
        Image.new("L", (side, side), 200).save(tmp_path / f"{number}.png")
    tracemalloc.start()
    count = sum(len(record.lines) for record in read_pages(tmp_path, Problems()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 3 * pages
    assert peak < 3.5 * side * side  # a page that goes, one that comes, and its decoding


@pytest.mark.skipif(
    "HANDWRITING_DATA" not in os.environ,
    reason="HANDWRITING_DATA does not name a folder that holds pages/lathrop and pages/copiste",
)
def test_the_real_pages_are_read() -> None:
    folder = Path(os.environ["HANDWRITING_DATA"]) / "pages"
    records, problems = read(folder)
    counts = Counter(
        (record.page_id.split("/")[0], line.line_type)
        for record in records
        for line in record.lines
    )
    assert len(records) == 30
    assert counts["lathrop", "DefaultLine:Handwritten"] == 145
    assert sum(count for (name, _), count in counts.items() if name == "copiste") == 376
    assert (problems.taken, len(problems.found)) == (538, 2)  # two have no transcription
    lines = list(lines_of(records[-1], problems))
    assert lines
    assert all(line.image.shape[1] > line.image.shape[0] > 20 for line in lines)
