from xml.etree.ElementTree import fromstring

import pytest

from pipeline.ingest.pages import PageProblem
from pipeline.ingest.pages.page_xml import read_page_xml


def lines_in(xml: str):
    return read_page_xml(fromstring(xml.encode())).lines


def ids_in(xml: str) -> list[str]:
    return [found.line.line_id for found in lines_in(xml)]


@pytest.mark.parametrize("year", ["2013-07-15", "2016-07-15", "2017-07-15", "2018-07-15"])
def test_every_version_is_read(page, year: str) -> None:
    layout = read_page_xml(fromstring(page.page_xml(year).encode()))
    assert layout.image_name == "page.png"
    assert layout.size == (400, 300)
    for found, drawn in zip(layout.lines, page.lines, strict=True):
        assert found.fault == ""
        assert found.line.line_id == drawn.line_id
        assert found.line.text == drawn.text
        assert found.line.line_type == drawn.line_type
        assert found.line.polygon == drawn.polygon
        assert found.line.baseline == drawn.baseline


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            '<TextEquiv index="1"><Unicode>second</Unicode></TextEquiv>'
            '<TextEquiv index="0"><Unicode>best</Unicode></TextEquiv>',
            "best",
        ),
        ("<TextEquiv><Unicode/></TextEquiv>", ""),
        ("<TextEquiv/>", ""),
        ("", ""),
        (
            "<Word><TextEquiv><Unicode>two</Unicode></TextEquiv></Word>"
            "<Word><TextEquiv><Unicode>words</Unicode></TextEquiv></Word>",
            "two words",
        ),
        (
            "<Word><TextEquiv><Unicode>word</Unicode></TextEquiv></Word>"
            "<TextEquiv><Unicode>the line</Unicode></TextEquiv>",
            "the line",
        ),
    ],
)
def test_the_best_reading_is_taken(page, content: str, text: str) -> None:
    xml = page.page_xml().replace("<TextEquiv><Unicode>first line</Unicode></TextEquiv>", content)
    assert lines_in(xml)[0].line.text == text


def test_lines_follow_their_index(page) -> None:
    xml = page.page_xml().replace("index:0", "index:7")
    assert ids_in(xml) == ["l2", "l3", "l1"]
    assert ids_in(xml.replace("readingOrder {index:1;}", "")) == ["l1", "l2", "l3"]


def test_regions_follow_the_reading_order(page) -> None:
    regions = "".join(
        f'<TextRegion id="{name}"><TextLine id="line-{name}"/></TextRegion>' for name in "abcd"
    )
    order = (
        '<ReadingOrder><OrderedGroup id="g">'
        '<RegionRefIndexed index="2" regionRef="a"/>'
        '<OrderedGroupIndexed id="h" index="0">'
        '<RegionRefIndexed index="1" regionRef="c"/><RegionRefIndexed index="0" regionRef="d"/>'
        "</OrderedGroupIndexed></OrderedGroup></ReadingOrder>"
    )
    xml = page.page_xml().replace('<TextRegion id="r1">', order + regions + '<TextRegion id="r1">')
    assert ids_in(xml) == ["line-d", "line-c", "line-a", "line-b", "l1", "l2", "l3"]


def test_a_table_cell_is_a_region(page) -> None:
    xml = page.page_xml().replace("TextRegion", "TableRegion").replace("<TextLine", "<a><TextLine")
    assert ids_in(xml.replace("</TextLine>", "</TextLine></a>").replace("a>", "TextRegion>")) == [
        "l1",
        "l2",
        "l3",
    ]


def test_points_that_are_none_are_a_fault_of_their_line(page) -> None:
    lines = lines_in(page.page_xml().replace("40,50 200,50", "40,50 200,x"))
    assert "200,x" in lines[0].fault
    assert [bool(found.fault) for found in lines] == [True, False, False]


def test_a_line_without_outline_baseline_or_type_is_read(page) -> None:
    xml = page.page_xml().replace("Coords", "None").replace("Baseline", "None")
    line = lines_in(xml.replace("structure", "other"))[0].line
    assert (line.polygon, line.baseline, line.line_type) == ((), (), "")


def test_several_pages_are_refused(page) -> None:
    xml = page.page_xml().replace("<Page ", '<Page imageFilename="other.png"/><Page ')
    with pytest.raises(PageProblem, match="got 2"):
        lines_in(xml)
