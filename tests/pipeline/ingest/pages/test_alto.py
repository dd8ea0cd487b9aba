from xml.etree.ElementTree import fromstring

import pytest

from pipeline.ingest.pages import PageProblem
from pipeline.ingest.pages.alto import read_alto


def first_line(xml: str):
    return read_alto(fromstring(xml.encode())).lines[0]


@pytest.mark.parametrize("version", ["ns-v2#", "ns-v3#", "ns-v4#"])
def test_every_version_is_read(page, version: str) -> None:
    layout = read_alto(fromstring(page.alto().replace("ns-v4#", version).encode()))
    assert layout.image_name == "page.png"
    assert layout.size == (400, 300)
    assert [found.line.line_id for found in layout.lines] == ["l1", "l2", "l3"]
    for found, drawn in zip(layout.lines, page.lines, strict=True):
        assert found.fault == ""
        assert found.line.text == drawn.text
        assert found.line.line_type == drawn.line_type
        assert found.line.polygon == drawn.polygon
        assert found.line.baseline == drawn.baseline


def test_points_may_be_paired_with_commas(page) -> None:
    xml = page.alto().replace("40 50 200 50 360 50", "40,50 200,50 360,50")
    assert first_line(xml).line.baseline == page.lines[0].baseline


def test_a_baseline_of_one_number_is_a_height(page) -> None:
    found = first_line(page.alto().replace("40 50 200 50 360 50", "50"))
    assert found.line.baseline == ((30, 50), (370, 50))


def test_without_a_polygon_the_box_is_the_outline(page) -> None:
    xml = page.alto().replace("Shape>", "NoShape>")
    assert set(first_line(xml).line.polygon) == set(page.lines[0].polygon)


STRING = '<String CONTENT="first line" HPOS="30" VPOS="20"/>'


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('<String CONTENT="one"/><SP/><String CONTENT="two"/>', "one two"),
        ('<String CONTENT="one"/><String CONTENT="two"/>', "one two"),
        ('<String CONTENT="on"/><SP/><String CONTENT="tw"/><String CONTENT="o"/>', "on two"),
        ('<String CONTENT="hand"/><HYP CONTENT="-"/>', "hand-"),
        ('<String CONTENT="hand"/><HYP/>', "hand-"),
        ('<String CONTENT="  a   b "/>', "a b"),
        ('<String CONTENT="e&#x301;t&#233;"/>', "\u00e9t\u00e9"),
        ("<!-- nothing --><String/>", ""),
        ("", ""),
    ],
)
def test_strings_are_joined(page, content: str, text: str) -> None:
    assert first_line(page.alto().replace(STRING, content)).line.text == text


def test_tags_that_tell_the_language_are_passed_over(page) -> None:
    xml = page.alto().replace("<Tags>", '<Tags><OtherTag ID="en" TYPE="language" LABEL="eng"/>')
    xml = xml.replace('TAGREFS="LT', 'TAGREFS="en unknown LT')
    assert first_line(xml).line.line_type == "DefaultLine:Handwritten"


def test_a_line_without_tags_or_id_is_read(page) -> None:
    found = first_line(page.alto().replace('ID="l1" TAGREFS="LT1"', ""))
    assert (found.line.line_id, found.line.line_type) == ("line-1", "")


@pytest.mark.parametrize("points", ["1 2 3", "1 2 x 4", "nan 1 2 3", "inf 1 2 3"])
def test_points_that_are_none_are_a_fault_of_their_line(page, points: str) -> None:
    layout = read_alto(fromstring(page.alto().replace("40 50 200 50 360 50", points).encode()))
    assert points in layout.lines[0].fault
    assert [bool(found.fault) for found in layout.lines] == [True, False, False]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (">pixel<", ">mm10<", "'mm10'"),
        ("<Layout>", '<Layout><Page ID="p0"/>', "got 2"),
        ("<Layout>", "<Layout/><Other>", "got 0"),
        ('WIDTH="400"', 'WIDTH="wide"', "'wide'"),
        ('WIDTH="400"', 'WIDTH="0"', "'0'"),
    ],
)
def test_a_page_that_cannot_be_used_is_refused(page, old: str, new: str, said: str) -> None:
    xml = page.alto().replace(old, new)
    if "<Other>" in new:
        xml = xml.replace("</Layout>", "</Other>")
    with pytest.raises(PageProblem, match=said):
        read_alto(fromstring(xml.encode()))
