from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.ingest.line_folder import clean_text, read_line_folder, write_line_folder
from pipeline.ingest.records import LineRecord, Problems
from schema.errors import InputError

TOLERANT = 1.0


def draw(path: Path, value: int = 200, size: tuple[int, int] = (30, 10)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, value).save(path)
    return path


def put_line(folder: Path, name: str, text: str = "a line") -> None:
    draw(folder / f"{name}.png")
    (folder / f"{name}.gt.txt").write_text(text, encoding="utf-8")


def read(folder: Path, **options: bool) -> tuple[list[LineRecord], Problems]:
    problems = Problems(TOLERANT)
    return list(read_line_folder(folder, problems, **options)), problems


def a_record(sample_id: str, text: str = "a line") -> LineRecord:
    return LineRecord(sample_id, np.zeros((3, 5), np.uint8), text, "test")


def test_lines_come_in_order_with_their_texts(tmp_path: Path) -> None:
    put_line(tmp_path, "b", " two  words \r\n")
    put_line(tmp_path, "a/c.1", "e\u0301te\u0301")
    records, problems = read(tmp_path)
    assert [(r.sample_id, r.text, r.source) for r in records] == [
        ("a/c.1", "été", "folder"),
        ("b", "two words", "folder"),
    ]
    assert records[0].image.shape == (10, 30)
    assert records[0].image.dtype == np.uint8
    assert (problems.taken, problems.found) == (2, [])


def test_a_flat_reading_leaves_sub_folders_out(tmp_path: Path) -> None:
    put_line(tmp_path, "a")
    put_line(tmp_path, "deeper/b")
    assert [r.sample_id for r in read(tmp_path, recursive=False)[0]] == ["a"]
    assert [r.sample_id for r in read(tmp_path)[0]] == ["a", "deeper/b"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".tif", ".webp", ".PNG"])
def test_each_kind_of_picture_is_read(tmp_path: Path, suffix: str) -> None:
    draw(tmp_path / f"x{suffix}")
    (tmp_path / "x.gt.txt").write_text("x")
    assert len(read(tmp_path)[0]) == 1


def test_the_best_variant_of_a_picture_is_taken(tmp_path: Path) -> None:
    for line_id, variants in {
        "a": ("", ".nrm", ".bin"),
        "b": (".nrm", ".bin"),
        "c": (".bin",),
    }.items():
        for value, variant in enumerate(variants):
            draw(tmp_path / f"{line_id}{variant}.png", value)
        (tmp_path / f"{line_id}.gt.txt").write_text("x")
    records, problems = read(tmp_path)
    assert [r.sample_id for r in records] == ["a", "b", "c"]
    assert all(record.image.max() == 0 for record in records)
    assert not problems.found


def test_what_is_no_line_is_passed_over(tmp_path: Path) -> None:
    put_line(tmp_path, "a")
    for name in ("README.txt", "a.json", ".hidden.png", ".hidden.gt.txt", "a.txt"):
        (tmp_path / name).write_bytes(b"\0")
    put_line(tmp_path, ".trash/b")
    records, problems = read(tmp_path)
    assert [r.sample_id for r in records] == ["a"]
    assert not problems.found


def only_problem(folder: Path) -> str:
    put_line(folder, "zz-good")
    records, problems = read(folder)
    assert [r.sample_id for r in records] == ["zz-good"]
    assert len(problems.found) == 1
    return str(problems.found[0])


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.gt.txt").write_text("text")
    assert "a.gt.txt, a: expected a picture a.png, got none" in only_problem(tmp_path)


def test_a_missing_text_is_named(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    assert "a.png, a: expected a transcription in a.gt.txt" in only_problem(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected one line of text, got none"),
        (b" \n\t\n", "expected one line of text, got none"),
        (b"two\nlines", "expected one line of text, got 2"),
        (b"ab\xff", "expected UTF-8, got the byte 0xff at offset 2"),
        ("text".encode("utf-16"), "expected UTF-8"),
        (b"x" * 70_000, "expected one line, got 70000 bytes"),
    ],
)
def test_a_bad_text_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "a.gt.txt").write_bytes(content)
    assert f"a.gt.txt, a: {said}" in only_problem(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    put_line(tmp_path, "a", "\ufefftext")
    assert read(tmp_path)[0][0].text == "text"


def test_two_pictures_of_a_line_are_named(tmp_path: Path) -> None:
    put_line(tmp_path, "a")
    draw(tmp_path / "a.jpg")
    assert "expected one picture of a line, got a.jpg, a.png" in only_problem(tmp_path)


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    put_line(tmp_path, "a")
    (tmp_path / "a.png").write_bytes(b"no picture")
    problem = only_problem(tmp_path)
    assert problem.startswith("a.png, a: expected a picture")


def test_links_that_lead_out_are_refused(tmp_path: Path) -> None:
    put_line(tmp_path / "outside", "secret")
    folder = tmp_path / "lines"
    put_line(folder, "good")
    (folder / "a.png").symlink_to(tmp_path / "outside" / "secret.png")
    (folder / "a.gt.txt").symlink_to("../outside/secret.gt.txt")
    (folder / "all").symlink_to(tmp_path / "outside")
    records, problems = read(folder)
    assert [r.sample_id for r in records] == ["good"]
    assert {p.file for p in problems.found} == {"a.png", "a.gt.txt", "all"}
    assert all("link" in p.reason for p in problems.found)


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    put_line(tmp_path, "a")
    (tmp_path / "b.png").symlink_to("a.png")
    (tmp_path / "b.gt.txt").write_text("b")
    assert [r.text for r in read(tmp_path)[0]] == ["a line", "b"]


def test_too_many_problems_stop_the_reading(tmp_path: Path) -> None:
    put_line(tmp_path, "a")
    draw(tmp_path / "b.png")
    with pytest.raises(InputError, match=r"1.0% of 2 samples.*b.png, b: expected a transcription"):
        list(read_line_folder(tmp_path, Problems()))


def test_an_empty_or_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"got neither in .*"):
        read(tmp_path)
    with pytest.raises(InputError, match=r"got none at .*nowhere"):
        read(tmp_path / "nowhere")


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9]([a-z0-9_.-]{0,8}[a-z0-9])?(/[a-z0-9]{1,8})?", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs", "Cc"])).map(clean_text).filter(bool),
        min_size=1,
        max_size=3,
    ).filter(
        lambda texts: not any(other.startswith(f"{name}.") for name in texts for other in texts)
    )
)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, texts) -> None:
    folder = tmp_path_factory.mktemp("lines")
    generator = np.random.default_rng(0)
    written = [
        LineRecord(name, generator.integers(0, 256, (4, 6), np.uint8), text, "folder")
        for name, text in sorted(texts.items())
        if not name.endswith((".bin", ".nrm"))
    ]
    assert write_line_folder(written, folder) == len(written)
    if written:
        back, problems = read(folder)
        assert [(r.sample_id, r.text) for r in back] == [(r.sample_id, r.text) for r in written]
        for record, original in zip(back, written, strict=True):
            np.testing.assert_array_equal(record.image, original.image)
        assert not problems.found


@pytest.mark.parametrize(
    "sample_id",
    ["", ".", "..", "../a", "a/../b", "/a", "a//b", "a/", ".a", "a/.b", "a\\b", "a\0b", "a\n"],
)
def test_ids_that_are_no_path_below_the_folder_are_refused(tmp_path: Path, sample_id: str) -> None:
    folder = tmp_path / "deep" / "lines"
    with pytest.raises(InputError, match="path below the folder"):
        write_line_folder([a_record(sample_id)], folder)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("sample_id", ["c:a", "a.bin", "a.nrm", "page-1/a.nrm"])
def test_ids_that_would_not_read_back_are_refused(tmp_path: Path, sample_id: str) -> None:
    with pytest.raises(InputError, match="rename the line"):
        write_line_folder([a_record(sample_id)], tmp_path)


@pytest.mark.parametrize("text", ["", " a", "a  b", "a\nb", "e\u0301"])
def test_texts_that_would_not_read_back_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="for x: correct the text"):
        write_line_folder([a_record("x", text)], tmp_path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_line_folder([a_record("x", "first")], tmp_path)
    with pytest.raises(InputError, match=r"expected no file for x, got .*x.png"):
        write_line_folder([a_record("x", "second")], tmp_path)
    assert read(tmp_path)[0][0].text == "first"
