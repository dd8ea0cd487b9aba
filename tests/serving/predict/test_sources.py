import os
from pathlib import Path, PurePath

import pytest

from schema.errors import InputError
from serving.predict.sources import list_sources, may_be_many


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.png", "a.JPG", "sub/c.pdf", "notes.txt", "sub/deep/d.tiff"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_folders_give_their_pictures_by_path_and_keep_their_shape(folder: Path) -> None:
    sources = list_sources([str(folder)])
    assert [source.path.relative_to(folder).as_posix() for source in sources] == [
        "a.JPG",
        "b.png",
        "sub/c.pdf",
        "sub/deep/d.tiff",
    ]
    assert sources[2].target == PurePath("sub/c")


def test_files_and_standard_input_come_as_they_were_named(folder: Path) -> None:
    sources = list_sources([str(folder / "notes.txt"), "-", str(folder / "absent.png")])
    assert [source.target.name for source in sources] == ["notes", "stdin", "absent"]
    assert sources[1].path is None


def test_two_pictures_of_one_name_are_refused(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.JPG and .*a\.png"):
        list_sources([str(folder)])
    with pytest.raises(InputError, match="standard input and standard input"):
        list_sources(["-", "-"])


def test_names_that_are_no_text_are_shown_without_fail(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    Path(path).write_bytes(b"")
    [source] = list_sources([path])
    assert source.name == f"{tmp_path}/caf\ufffd.png"
    assert source.path == Path(path)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected pictures or PDF files in"):
        list_sources([str(tmp_path)])


@pytest.mark.parametrize(
    ("names", "many"),
    [(["a.png"], False), (["a.pdf"], True), (["a.TIF"], True), (["-"], True), (["a", "b"], True)],
)
def test_what_may_be_many(names: list[str], many: bool) -> None:
    assert may_be_many(names) is many


def test_a_folder_may_be_many(folder: Path) -> None:
    assert may_be_many([str(folder)])
