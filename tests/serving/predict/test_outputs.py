import io
from pathlib import Path, PurePath

import pytest
from PIL import Image

from pipeline.ingest.pages.reader import read_pages
from pipeline.ingest.records import Problems
from schema.errors import InputError
from serving.client.readings import Reading
from serving.predict.outputs import ALTO, JSON, PAGE, TEXT, Outputs
from serving.predict.pictures import Picture

LINES = (Reading("a b", 0.5, (), (2.0, 3.0, 12.0, 28.0)),)


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (30, 20), "white").save(stream, "PNG")
    return stream.getvalue()


PICTURE = Picture("a.png", PurePath("a"), png(), (30, 20), file_name="a.png")
DRAWN = Picture("b.pdf#2", PurePath("sub/b-0002"), png(), (30, 20), 2, 3, "b-0002.png", drawn=True)


def test_a_stream_gets_texts_with_names_where_there_are_many() -> None:
    stream = io.StringIO()
    Outputs(TEXT, stream).write(PICTURE, LINES)
    Outputs(TEXT, stream, named=True).write(PICTURE, LINES)
    assert stream.getvalue() == "a b\na.png\ta b\n"


@pytest.mark.parametrize("kind", [ALTO, PAGE])
def test_our_own_ingestion_takes_what_was_written(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE.content)
    outputs = Outputs(kind, io.StringIO(), tmp_path)
    for picture in (PICTURE, DRAWN):
        outputs.write(picture, LINES)
    problems = Problems(0.0)
    pages = list(read_pages(tmp_path, problems))
    assert [page.page_id for page in pages] == ["a", "sub/b-0002"]
    assert [page.lines[0].text for page in pages] == ["a b", "a b"]
    assert pages[0].lines[0].polygon == ((3, 2), (28, 2), (28, 12), (3, 12))
    assert problems.found == []


def test_other_formats_put_no_picture_beside(tmp_path: Path) -> None:
    for kind in (TEXT, JSON):
        Outputs(kind, io.StringIO(), tmp_path, named=True).write(DRAWN, LINES)
    assert sorted(path.name for path in (tmp_path / "sub").iterdir()) == [
        "b-0002.json",
        "b-0002.txt",
    ]
    assert (tmp_path / "sub/b-0002.txt").read_text() == "a b\n"


def test_two_pictures_do_not_write_one_file(tmp_path: Path) -> None:
    outputs = Outputs(TEXT, io.StringIO(), tmp_path)
    outputs.write(PICTURE, LINES)
    with pytest.raises(InputError, match=r"a second one for .*a\.txt"):
        outputs.write(PICTURE, LINES)


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="expected to be able to write"):
        Outputs(TEXT, io.StringIO(), tmp_path / "file").write(PICTURE, LINES)


def test_drawings_go_to_a_folder_of_their_own(tmp_path: Path) -> None:
    Outputs(TEXT, io.StringIO(), drawings=tmp_path / "drawn").write(PICTURE, LINES)
    assert [path.name for path in (tmp_path / "drawn").iterdir()] == ["a.png"]
