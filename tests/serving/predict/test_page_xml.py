from datetime import datetime, timedelta, timezone
from xml.etree.ElementTree import fromstring

from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.pages.page_xml import read_page_xml
from serving.client.readings import Reading
from serving.predict.page_xml import NAMESPACE, to_page_xml

LINES = [
    Reading('a <b> & "c"', 0.75, (), (10.4, 20.6, 30.0, 99.9)),
    Reading("é 漢", -0.0, (), (40.0, 0.0, 70.0, 130.0)),
]
NAME = 'page <1> & "2".jpg'
TIME = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=1)))


def test_the_reader_of_pages_gets_back_what_was_written() -> None:
    layout = read_page_xml(fromstring(to_page_xml(LINES, NAME, (120, 60))))
    assert (layout.image_name, layout.size) == (NAME, (120, 60))
    assert [found.line.text for found in layout.lines] == [line.text for line in LINES]
    assert layout.lines[0].line.polygon == ((21, 10), (100, 10), (100, 30), (21, 30))
    assert layout.lines[1].line.polygon == ((0, 40), (120, 40), (120, 60), (0, 60))


def test_parts_are_those_of_the_schema_and_in_its_order() -> None:
    root = fromstring(to_page_xml(LINES, NAME, (120, 60), TIME))
    local = [element.tag.removeprefix(f"{{{NAMESPACE}}}") for element in root.iter()]
    line = ["TextLine", "Coords", "TextEquiv", "Unicode"]
    assert local == [
        *("PcGts", "Metadata", "Creator", "Created", "LastChange", "Page"),
        *("ReadingOrder", "OrderedGroup", "RegionRefIndexed", "TextRegion", "Coords"),
        *line,
        *line,
    ]
    assert root.findtext(f".//{{{NAMESPACE}}}Created") == "2026-01-02T03:04:05+01:00"
    conf = [element.get("conf") for element in root.iter(f"{{{NAMESPACE}}}TextEquiv")]
    assert conf == ["0.7500", "0.0000"]


def test_a_page_without_lines_has_no_region() -> None:
    root = fromstring(to_page_xml([], NAME, (120, 60)))
    assert list(root.find(f"{{{NAMESPACE}}}Page")) == []


corner = st.floats(-50, 200)


@given(st.tuples(corner, corner, corner, corner))
def test_outlines_are_within_the_page_and_hold_a_pixel(box) -> None:
    xml = to_page_xml([Reading("a", 0.5, (), box)], "a.png", (120, 60))
    (left, top), _, (right, bottom), _ = read_page_xml(fromstring(xml)).lines[0].line.polygon
    assert 0 <= left < right <= 120
    assert 0 <= top < bottom <= 60
