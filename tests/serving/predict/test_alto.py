import string
from xml.etree.ElementTree import fromstring

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.corpus import clean_text
from pipeline.ingest.pages.alto import read_alto
from serving.client.readings import Reading
from serving.predict.alto import NAMESPACE, to_alto

LINES = [
    Reading("a <b> & \"c\" 'd'", 0.75, (1.0, 0.0) + (0.5,) * 13, (10.4, 20.6, 30.0, 99.9)),
    Reading("é 漢", 1.0000001, (), (-5.0, -1.0, 70.0, 130.0)),
]
NAME = 'page <1> & "2".jpg'


def test_the_reader_of_pages_gets_back_what_was_written() -> None:
    layout = read_alto(fromstring(to_alto(LINES, NAME, (120, 60), 7)))
    assert (layout.image_name, layout.size) == (NAME, (120, 60))
    assert [found.line.text for found in layout.lines] == [line.text for line in LINES]
    assert [found.fault for found in layout.lines] == ["", ""]
    assert layout.lines[0].line.polygon == ((21, 10), (100, 10), (100, 30), (21, 30))
    # Beyond the picture there is nothing.
    assert layout.lines[1].line.polygon == ((0, 0), (120, 0), (120, 60), (0, 60))


def test_confidences_are_those_of_the_format() -> None:
    root = fromstring(to_alto(LINES, NAME, (120, 60)))
    first, second = root.iter(f"{{{NAMESPACE}}}String")
    assert (first.get("WC"), second.get("WC")) == ("0.7500", "1.0000")
    # 0 is sure and 9 is not: 9 * (1 - 0.5) = 4.5, rounded to the even 4.
    assert first.get("CC").split() == ["0", "9", *["4"] * 13]
    assert second.get("CC") is None


def test_required_parts_are_there_in_the_order_of_the_schema() -> None:
    root = fromstring(to_alto(LINES, NAME, (120, 60), 7))
    assert [child.tag.rpartition("}")[2] for child in root] == ["Description", "Layout"]
    page = root.find(f"{{{NAMESPACE}}}Layout/{{{NAMESPACE}}}Page")
    assert {"ID", "PHYSICAL_IMG_NR"} <= set(page.keys())
    assert page.get("PHYSICAL_IMG_NR") == "7"
    ids = [element.get("ID") for element in root.iter() if element.get("ID")]
    assert len(set(ids)) == len(ids)
    for line in root.iter(f"{{{NAMESPACE}}}TextLine"):
        assert [child.tag.rpartition("}")[2] for child in line] == ["Shape", "String"]


def test_a_page_without_lines_has_no_empty_block() -> None:
    root = fromstring(to_alto([], NAME, (120, 60)))
    assert root.find(f".//{{{NAMESPACE}}}PrintSpace") is not None
    assert root.find(f".//{{{NAMESPACE}}}TextBlock") is None


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from(string.printable), max_size=20))
def test_any_text_makes_a_well_formed_document(text: str) -> None:
    [found] = read_alto(fromstring(to_alto([Reading(text, 0.5)], text, (9, 9)))).lines
    replaced = "".join(char if char in "\t\n\r" or char >= " " else "\ufffd" for char in text)
    replaced = replaced.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    assert found.line.text == clean_text(replaced)
