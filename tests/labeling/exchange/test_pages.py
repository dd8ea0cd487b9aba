import pytest
from PIL import Image

from labeling.exchange import alto, page_xml
from labeling.items import NewItem
from pipeline.ingest.records import Problems
from schema.errors import InputError
from serving.client.readings import Reading
from serving.predict.page_xml import to_page_xml

OUTLINE = ((20.0, 30.0), (150.0, 25.0), (160.0, 60.0), (22.0, 64.0))
BASELINE = ((22.0, 55.0), (158.0, 52.0))


@pytest.fixture
def archive(tmp_path, picture):
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "leaf.png").write_bytes(picture(0, (200, 100)))
    readings = [
        Reading("One word", 1.0, (), (30, 20, 64, 160), OUTLINE, BASELINE),
        Reading("", 0.0, (), (70, 20, 90, 160)),
    ]
    (folder / "leaf.xml").write_text(to_page_xml(readings, "leaf.png", (200, 100)))
    return folder


def test_transcribed_lines_bring_their_label_and_the_others_wait(archive):
    problems = Problems(0)
    first, second = alto.read(archive, problems)
    assert (first.name, first.page, first.text) == ("leaf/line-1", "leaf", "One word")
    assert (second.name, second.text) == ("leaf/line-2", None)
    assert problems.taken == 2


@pytest.mark.parametrize("module", [alto, page_xml])
def test_outlines_baselines_and_texts_come_back(archive, tmp_path, store, module):
    store.add(page_xml.read(archive, Problems(0)), "test")
    assert module.write(store.accepted(), store.pictures, tmp_path / "out") == 1
    (tmp_path / "out" / "leaf.png").write_bytes((archive / "leaf.png").read_bytes())
    (line,) = module.read(tmp_path / "out", Problems(0))
    assert line.text == "One word"
    assert line.place["polygon"] == [list(point) for point in OUTLINE]
    assert line.place["baseline"] == [list(point) for point in BASELINE]


def test_the_picture_of_an_uploaded_page_goes_along(tmp_path, store, picture):
    page = store.pictures.put(picture(0, (200, 100)))
    place = {"polygon": [[20, 30], [90, 30], [90, 60], [20, 60]], "size": [200, 100]}
    item = NewItem("<b>/1", picture(3), "x", page="<b>", place=place | {"picture": page}, text="A")
    store.add([item], "test")
    alto.write(store.accepted(), store.pictures, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"_b_.png", "_b_.xml"}
    with Image.open(tmp_path / "out" / "_b_.png") as written:
        assert written.size == (200, 100)


def test_lines_of_no_page_have_no_place(tmp_path, store, picture, capsys):
    store.add([NewItem("alone", picture(3), "x", text="A")], "test")
    with pytest.raises(InputError, match="expected accepted lines of pages, got none and 1 others"):
        alto.write(store.accepted(), store.pictures, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pages_is_refused(tmp_path):
    with pytest.raises(InputError, match="expected a folder with ALTO or PAGE XML"):
        list(alto.read(tmp_path, Problems(0)))
