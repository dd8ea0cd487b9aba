"""On a copy of IAM's form that the tests draw themselves; nothing of IAM is in it."""

import io
import re
import tarfile
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
from PIL import Image

from pipeline.ingest.iam import LICENCE, read_iam_lines, show_licence_once
from pipeline.ingest.iam_forms import PARAGRAPH_MARGIN, read_iam_pages
from pipeline.ingest.iam_plan import TRANSCRIPTIONS, plan_iam_lines
from pipeline.ingest.iam_splits import TASK, TASK_FILES, read_splits
from pipeline.ingest.records import LineRecord, PageRecord, Problems
from schema.errors import InputError

TOLERANT = 1.0
WIDTH, HEIGHT = 400, 300
LINES_HEADER = """\
#--- lines.txt ---------------------------------------------------------------#
#
# one line a text line: id, status, grey level, components, box, text
#
"""


@dataclass
class FakeForm:
    """A form: its writer, its split, and for each line status, ASCII and XML text."""

    writer: str
    split: str
    lines: list[tuple[str, str, str]] = field(default_factory=list)


FORMS = {
    "a01-000u": FakeForm(
        "000",
        "trainset.txt",
        [
            ("ok", "A|LAMP|,|lit|at|dusk|.", "A LAMP, lit at dusk."),
            ("err", 'M P|said|"|no|"|!', 'M P said "no"!'),
        ],
    ),
    "b02-010": FakeForm("001", "validationset1.txt", [("ok", "one|sheep", "one sheep")]),
    "c03-000a": FakeForm("002", "validationset2.txt", [("ok", "Tom|&|Ann", "Tom & Ann")]),
    "d04-001": FakeForm("003", "testset.txt", [("ok", "the|end|.", "the end.")]),
    "e05-002": FakeForm("004", "", [("ok", "in|no|list", "in no list")]),
}


def line_ids(forms: dict[str, FakeForm] = FORMS) -> list[str]:
    return [f"{form_id}-{i:02}" for form_id, form in forms.items() for i in range(len(form.lines))]


def line_box(index: int) -> tuple[int, int, int, int]:
    return 50 + index, 100 + 60 * index, 200, 40  # x, y, width, height


def form_xml(form_id: str, form: FakeForm) -> bytes:
    rows = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>',
        '<!DOCTYPE form SYSTEM "http://www.example.org/form-metadata.dtd">',
        f'<form created="2020-01-01" height="{HEIGHT}" id="{form_id}" width="{WIDTH}"'
        f' writer-id="{form.writer}"><machine-printed-part>'
        '<machine-print-line text="printed text, not to be read"/></machine-printed-part>',
        "<handwritten-part>",
    ]
    for index, (status, _, text) in enumerate(form.lines):
        escaped = quoteattr(text.replace("&", "&amp;").replace('"', "&quot;"))  # twice, as IAM
        line_id = f"{form_id}-{index:02}"
        x, y, width, height = line_box(index)
        rows.append(f'<line id="{line_id}" segmentation="{status}" text={escaped} threshold="154">')
        rows.append(
            f'<word id="{line_id}-00" tag="AT" text="x">'
            f'<cmp x="{x}" y="{y + 5}" width="30" height="{height - 5}"/>'
            f'<cmp x="{x + 35}" y="{y}" width="10" height="20"/></word>'
            f'<word id="{line_id}-01" text="y">'
            f'<cmp x="{x + 60}" y="{y + 8}" width="{width - 60}" height="10"/></word></line>'
        )
    rows.append("</handwritten-part></form>")
    return "\n".join(rows).encode("iso-8859-1")


def picture(value: int, width: int = 60, height: int = 20) -> bytes:
    content = io.BytesIO()
    Image.new("L", (width, height), value).save(content, "PNG")
    return content.getvalue()


def copy_files(forms: dict[str, FakeForm] = FORMS) -> dict[str, dict[str, bytes]]:
    """Returns part -> name -> contents."""
    rows = [
        f"{form_id}-{index:02} {status} 154 19 50 100 200 40 {text}"
        for form_id, form in forms.items()
        for index, (status, text, _) in enumerate(form.lines)
    ]
    ids = line_ids(forms)
    lists = {
        name: "".join(f"{i}\n" for i in ids if forms[i[:-3]].split == name).encode()
        for name in TASK_FILES
    }
    return {
        "ascii": {"lines.txt": (LINES_HEADER + "\n".join(rows) + "\n").encode()},
        "xml": {f"{form_id}.xml": form_xml(form_id, form) for form_id, form in forms.items()},
        "lines": {
            f"{i[:3]}/{i[:-3]}/{i}.png": picture(number) for number, i in enumerate(ids, start=1)
        },
        "formsA-D": {f"{form_id}.png": picture(250, WIDTH, HEIGHT) for form_id in forms},
        TASK: lists,
    }


def write_copy(
    folder: Path, files: dict[str, dict[str, bytes]] | None = None, archived: bool = False
) -> Path:
    for part, contents in (files or copy_files()).items():
        if archived and part == TASK:
            with zipfile.ZipFile(folder / f"{part}.zip", "w") as archive:
                for name, content in contents.items():
                    archive.writestr(name, content)
        elif archived and part != "ascii":
            with tarfile.open(folder / f"{part}.tgz", "w:gz") as archive:
                for name, content in contents.items():
                    add_member(archive, name, content)
        else:
            for name, content in contents.items():
                path = folder / part / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    return folder


def add_member(archive: tarfile.TarFile, name: str, content: bytes = b"", **how: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in how.items():
        setattr(member, key, value)
    archive.addfile(member, io.BytesIO(content))


def read(
    folder: Path, scheme: str = "lwitlrt", texts: str = "ascii", **options: str
) -> tuple[list[LineRecord], Problems]:
    problems = Problems(TOLERANT)
    return list(read_iam_lines(folder, scheme, texts, problems, **options)), problems


def read_pages(folder: Path, **options: str) -> tuple[list[PageRecord], Problems]:
    problems = Problems(TOLERANT)
    return list(read_iam_pages(folder, "lwitlrt", problems, **options)), problems


def write_aachen(
    folder: Path, names: tuple[str, str, str] = ("train.txt", "valid.txt", "test.txt")
):
    (folder / "aachen").mkdir(parents=True)
    for name, forms in zip(names, (["a01-000u"], ["e05-002"], ["b02-010", "d04-001"]), strict=True):
        (folder / "aachen" / name).write_text("\n".join(forms))
    return folder


@pytest.mark.parametrize("archived", [False, True])
def test_lines_come_with_split_writer_and_page(tmp_path: Path, archived: bool) -> None:
    records, problems = read(write_copy(tmp_path, archived=archived))
    assert [(r.sample_id, r.split, r.writer, r.page) for r in records] == [
        ("a01-000u-00", "train", "000", "a01-000u"),
        ("a01-000u-01", "train", "000", "a01-000u"),
        ("b02-010-00", "validation", "001", "b02-010"),
        ("c03-000a-00", "validation", "002", "c03-000a"),
        ("d04-001-00", "test", "003", "d04-001"),
    ]
    assert {r.source for r in records} == {"iam"}
    for value, record in enumerate(records, start=1):
        np.testing.assert_array_equal(record.image, np.full((20, 60), value))
    assert (problems.taken, problems.found) == (5, [])


def test_both_conventions_of_texts_are_offered(tmp_path: Path) -> None:
    folder = write_copy(tmp_path)
    ascii_texts, xml_texts = ([r.text for r in read(folder, texts=t)[0]] for t in TRANSCRIPTIONS)
    assert ascii_texts == [
        "A LAMP , lit at dusk .",
        'M P said " no " !',
        "one sheep",
        "Tom & Ann",
        "the end .",
    ]
    assert xml_texts == [
        "A LAMP, lit at dusk.",
        'M P said "no"!',
        "one sheep",
        "Tom & Ann",
        "the end.",
    ]


def test_badly_segmented_lines_can_be_left_out(tmp_path: Path) -> None:
    records, problems = read(write_copy(tmp_path), segmentation="ok")
    assert "a01-000u-01" not in {r.sample_id for r in records}
    assert len(records) == 4
    assert not problems.found


def test_the_choices_and_counts_are_told(tmp_path: Path) -> None:
    write_aachen(write_copy(tmp_path))
    told = plan_iam_lines(tmp_path, "lwitlrt", "xml", Problems(), "ok").describe()
    assert "split lwitlrt: train 1, validation 2, test 1" in told
    assert "texts: xml (forms' XML: natural spacing" in told
    assert "4 forms of 4 writers" in told
    assert "1 lines in no list (among them 1 whole forms), 1 badly segmented lines" in told
    told = plan_iam_lines(tmp_path, "aachen", "ascii", Problems()).describe()
    assert "split aachen: train 2, validation 1, test 2" in told
    assert "texts: ascii (lines.txt: punctuation set apart" in told


@pytest.mark.parametrize(
    "names",
    [
        ("train.txt", "valid.txt", "test.txt"),
        ("tr.lst", "va.lst", "te.lst"),
        ("train.uttlist", "validation.uttlist", "test.uttlist"),
    ],
)
def test_the_aachen_lists_are_of_forms(tmp_path: Path, names: tuple[str, str, str]) -> None:
    records, _ = read(write_aachen(write_copy(tmp_path), names), "aachen")
    assert {r.sample_id: r.split for r in records} == {
        "a01-000u-00": "train",
        "a01-000u-01": "train",
        "b02-010-00": "test",
        "d04-001-00": "test",
        "e05-002-00": "validation",
    }


def test_the_splits_are_never_mixed(tmp_path: Path) -> None:
    write_aachen(write_copy(tmp_path))
    with pytest.raises(InputError, match=r"lists trainset.txt.* got none in .*aachen"):
        read_splits(tmp_path, "lwitlrt", tmp_path / "aachen")
    (tmp_path / "aachen" / "train.txt").write_text("a01-000u-00\n")
    with pytest.raises(InputError, match=r"form ids .*aachen, got 'a01-000u-00' in .*train.txt"):
        read_splits(tmp_path, "aachen")
    (tmp_path / TASK / "testset.txt").write_text("d04-001\n")
    with pytest.raises(InputError, match=r"line ids .*lwitlrt, got 'd04-001' in .*testset.txt"):
        read_splits(tmp_path, "lwitlrt")


@pytest.mark.parametrize("place", ["", "task", TASK])
def test_the_task_is_found_where_people_unpack_it(tmp_path: Path, place: str) -> None:
    files = copy_files()
    files[place or "."] = files.pop(TASK)
    assert len(read_splits(write_copy(tmp_path, files), "lwitlrt").lines) == 5


def test_missing_lists_are_named(tmp_path: Path) -> None:
    files = copy_files()
    del files[TASK]["validationset2.txt"]
    write_copy(tmp_path, files)
    with pytest.raises(InputError, match=r"expected the lists .*validationset2.txt"):
        read(tmp_path)
    with pytest.raises(InputError, match=r"one list of train forms .*got none in .*aachen"):
        read(tmp_path, "aachen")
    write_aachen(tmp_path)
    (tmp_path / "aachen" / "tr.lst").write_text("a01-000u")
    with pytest.raises(InputError, match=r"got train.txt, tr.lst in"):
        read(tmp_path, "aachen")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("testset.txt", b"", "empty list"),
        ("testset.txt", b"\xff\xfe", "line ids"),
        ("testset.txt", b"a01-000u-00\n", "each line once, got a01-000u-00 again"),
        ("testset.txt", b"a01-000u-07\n", "each form in one split, got a01-000u"),
    ],
)
def test_bad_lists_are_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    files = copy_files()
    files[TASK][name] = content
    with pytest.raises(InputError, match=f"{said}.*testset.txt"):
        read(write_copy(tmp_path, files))


def test_a_bad_zip_of_lists_is_named(tmp_path: Path) -> None:
    files = copy_files()
    del files[TASK]["testset.txt"]
    write_copy(tmp_path, files, archived=True)
    with pytest.raises(InputError, match=r"one list testset.txt in .*zip, got 0"):
        read(tmp_path)
    (tmp_path / f"{TASK}.zip").write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"expected a zip archive"):
        read(tmp_path)


def test_a_writer_in_two_splits_stops(tmp_path: Path) -> None:
    forms = FORMS | {"d04-001": replace(FORMS["d04-001"], writer="000")}
    write_copy(tmp_path, copy_files(forms))
    with pytest.raises(InputError, match=r"got writer 000 in train and, with d04-001-00, in test"):
        read(tmp_path)
    with pytest.raises(InputError, match=r"got writer 000 in train and, with d04-001, in test"):
        read_pages(tmp_path)


@pytest.mark.parametrize(
    "choice", [{"scheme": "random"}, {"texts": "words"}, {"segmentation": "good"}]
)
def test_unknown_choices_are_named(tmp_path: Path, choice: dict[str, str]) -> None:
    with pytest.raises(InputError, match=f"got '{next(iter(choice.values()))}'"):
        read(write_copy(tmp_path), **choice)
    with pytest.raises(InputError, match="regions page, paragraph, got 'word'"):
        read_pages(tmp_path, region="word")


@pytest.mark.parametrize("missing", ["ascii", "lines", "xml"])
def test_missing_parts_are_named(tmp_path: Path, missing: str) -> None:
    files = copy_files()
    del files[missing]
    with pytest.raises(InputError, match=f"expected .*{missing}"):
        read(write_copy(tmp_path, files), texts="xml")


def test_writers_come_from_the_form_table_where_there_is_no_xml(tmp_path: Path) -> None:
    files = copy_files()
    del files["xml"]
    assert {r.writer for r in read(write_copy(tmp_path, files))[0]} == {None}
    rows = [f"{form_id} {form.writer} 2 prt 7 5 52 36" for form_id, form in FORMS.items()]
    (tmp_path / "ascii" / "forms.txt").write_text("# a comment\n" + "\n".join(rows))
    assert [r.writer for r in read(tmp_path)[0]] == ["000", "000", "001", "002", "003"]


def problem_of(folder: Path, files: dict[str, dict[str, bytes]], texts: str = "ascii") -> str:
    _, problems = read(write_copy(folder, files), texts=texts)
    assert len(problems.found) == 1, problems.found
    return str(problems.found[0])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"a01-000u-01 ok 154 19 50", "a01-000u-01: expected 9 fields"),
        (b"a01-000u-01 fine 154 19 50 100 200 40 text", "got 'a01-000u-01 fine"),
        (b"d04-001-00 ok 154 19 50 100 200 40 again", "d04-001-00: expected each id once"),
        (b"d04-001-01 ok 1 1 5 1 2 4 \xff", "d04-001-01: expected UTF-8, got other bytes in line"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, row: bytes, said: str) -> None:
    files = copy_files()
    files["ascii"]["lines.txt"] += row + b"\n"
    assert said in problem_of(tmp_path, files)


def test_an_empty_transcription_is_named(tmp_path: Path) -> None:
    files = copy_files()
    files["ascii"]["lines.txt"] = files["ascii"]["lines.txt"].replace(b"one|sheep", b"|")
    said = problem_of(tmp_path, files)
    assert "lines.txt, b02-010-00: expected a transcription, got none" in said


def test_lines_files_without_lines_are_named(tmp_path: Path) -> None:
    files = copy_files()
    files["ascii"]["lines.txt"] = LINES_HEADER.encode()
    with pytest.raises(InputError, match=r"expected the lines of IAM, got none in .*lines.txt"):
        read(write_copy(tmp_path, files))


def test_a_listed_line_that_is_not_there_is_named(tmp_path: Path) -> None:
    files = copy_files()
    files[TASK]["testset.txt"] += b"d04-001-05\n"
    assert "d04-001-05: expected it, for the split lwitlrt lists it" in problem_of(tmp_path, files)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    files = copy_files()
    del files["lines"]["b02/b02-010/b02-010-00.png"]
    assert "lines, b02-010-00: expected the line's picture" in problem_of(tmp_path, files)


def test_a_picture_found_twice_is_named(tmp_path: Path) -> None:
    files = copy_files()
    files["lines"]["copy/b02-010-00.png"] = picture(0)
    assert "lines/copy/b02-010-00.png, b02-010-00: expected each line once" in problem_of(
        tmp_path, files
    )


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    files = copy_files()
    files["lines"]["b02/b02-010/b02-010-00.png"] = picture(0)[:30]
    assert "lines/b02/b02-010/b02-010-00.png, b02-010-00: " in problem_of(tmp_path, files)


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE form [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]>'
    b'<form id="b02-010" writer-id="1" width="1" height="1">&b;</form>'
)
EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE form [<!ENTITY b SYSTEM "/etc/passwd">]>'
    b'<form id="b02-010" writer-id="1" width="1" height="1">&b;</form>'
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<form", "ParseError"),
        (b"<form/>", "KeyError"),
        (
            form_xml("b02-010", FORMS["b02-010"]).replace(b'height="300"', b'height="x"'),
            "ValueError",
        ),
        (form_xml("b02-010", FORMS["b02-010"]).replace(b"ISO-8859-1", b"EBCDIC-X"), "EBCDIC-X"),
        (form_xml("b02-010", FakeForm("001", "")), "got 0 lines"),
        (BOMB, "EntitiesForbidden"),
        (EXTERNAL, "EntitiesForbidden"),
    ],
)
def test_bad_xml_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    files = copy_files()
    files["xml"]["b02-010.xml"] = content
    found = problem_of(tmp_path, files)
    assert found.startswith("xml/b02-010.xml, b02-010: expected")
    assert said in found
    assert "\n" not in found


def test_a_form_found_twice_is_named(tmp_path: Path) -> None:
    files = copy_files()
    files["xml"]["copy/b02-010.xml"] = files["xml"]["b02-010.xml"]
    assert "xml/copy/b02-010.xml, b02-010: expected each form once" in problem_of(tmp_path, files)


@pytest.mark.parametrize(
    ("name", "how", "said"),
    [
        ("../../a01-000u-00.png", {}, "leads out"),
        ("/a01-000u-00.png", {}, "leads out"),
        ("a\\..\\a01-000u-00.png", {}, "leads out"),
        ("a01-000u-00.png", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "a link"),
        ("a01-000u-00.png", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}, "a link"),
        ("a01-000u-00.png", {"type": tarfile.CHRTYPE}, "a device"),
    ],
)
def test_members_that_lead_out_are_refused(
    tmp_path: Path, name: str, how: dict[str, object], said: str
) -> None:
    files = copy_files()
    write_copy(tmp_path, files, archived=True)
    with tarfile.open(tmp_path / "lines.tgz", "w:gz") as archive:
        add_member(archive, name, b"", **how)
        for good, content in files["lines"].items():
            add_member(archive, f"./{good}", content)
    records, problems = read(tmp_path)
    assert len(records) == 5
    assert [(p.file, said in p.reason) for p in problems.found] == [("lines.tgz", True)]
    assert not list(tmp_path.parent.glob("*.png"))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6])
def test_a_damaged_archive_is_named(tmp_path: Path, share: float) -> None:
    write_copy(tmp_path, archived=True)
    path = tmp_path / "lines.tgz"
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"expected a complete file, got .* in .*lines.tgz"):
        read(tmp_path)


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    write_copy(tmp_path, archived=True)
    (tmp_path / "xml.tgz").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"expected a complete file, got .* in .*xml.tgz"):
        read(tmp_path)


@pytest.mark.parametrize("archived", [False, True])
def test_pages_come_with_the_boxes_of_their_lines(tmp_path: Path, archived: bool) -> None:
    pages, problems = read_pages(write_copy(tmp_path, archived=archived))
    assert [(p.page_id, p.split, p.writer) for p in pages] == [
        ("a01-000u", "train", "000"),
        ("b02-010", "validation", "001"),
        ("c03-000a", "validation", "002"),
        ("d04-001", "test", "003"),
    ]
    first = pages[0]
    assert first.image.shape == (HEIGHT, WIDTH)
    assert [line.line_id for line in first.lines] == ["a01-000u-00", "a01-000u-01"]
    assert first.lines[0].polygon == ((50, 100), (250, 100), (250, 140), (50, 140))
    assert first.lines[1].polygon == ((51, 160), (251, 160), (251, 200), (51, 200))
    assert first.lines[1].text == 'M P said "no"!'
    assert (problems.taken, problems.found) == (4, [])


def test_the_paragraph_can_be_cut_out(tmp_path: Path) -> None:
    first = read_pages(write_copy(tmp_path), region="paragraph")[0][0]
    margin = PARAGRAPH_MARGIN
    assert first.image.shape == (100 + 2 * margin, 201 + 2 * margin)
    assert first.lines[0].polygon[0] == (margin, margin)
    assert first.lines[1].polygon[2] == (201 + margin, 100 + margin)


@pytest.mark.parametrize(
    ("part", "content", "said"),
    [
        (
            "formsA-D",
            picture(0, WIDTH // 2, HEIGHT // 2),
            "expected 400 x 300 pixels as in the XML",
        ),
        ("formsA-D", b"", "b02-010.png"),
        ("formsA-D", None, "expected the form's picture, got none"),
        ("xml", None, "expected the form's XML, got none"),
        ("xml", b"<form", "ParseError"),
        (
            "xml",
            form_xml("b02-010", FORMS["b02-010"]).replace(b'x="110"', b'x="390"'),
            "expected the box of line b02-010-00 on the page, got (50, 100, 530, 140)",
        ),
        (
            "xml",
            form_xml("b02-010", FORMS["b02-010"]).replace(b"<cmp", b"<none"),
            "expected the box of line b02-010-00 on the page, got None",
        ),
        (
            "xml",
            re.sub(
                rb"<cmp [^>]*>",
                b'<cmp x="50" y="100" width="0" height="40"/>',
                form_xml("b02-010", FORMS["b02-010"]),
            ),
            "expected the box of line b02-010-00 on the page, got (50, 100, 50, 140)",
        ),
    ],
)
def test_bad_forms_are_named(tmp_path: Path, part: str, content: bytes | None, said: str) -> None:
    files = copy_files()
    suffix = ".xml" if part == "xml" else ".png"
    if content is None:
        del files[part][f"b02-010{suffix}"]
    else:
        files[part][f"b02-010{suffix}"] = content
    pages, problems = read_pages(write_copy(tmp_path, files))
    assert [p.page_id for p in pages] == ["a01-000u", "c03-000a", "d04-001"]
    assert [p.sample_id for p in problems.found] == ["b02-010"]
    assert said in str(problems.found[0])


def test_a_form_picture_found_twice_is_named(tmp_path: Path) -> None:
    files = copy_files()
    files["formsE-H"] = {"b02-010.png": picture(0, WIDTH, HEIGHT)}
    pages, problems = read_pages(write_copy(tmp_path, files))
    assert len(pages) == 4
    assert "formsE-H/b02-010.png, b02-010: expected each form once" in str(problems.found[0])


def test_the_licence_is_shown_once_a_cache(tmp_path: Path) -> None:
    for cache in (tmp_path / "one", tmp_path / "other"):
        stream = io.StringIO()
        assert show_licence_once(cache, stream)
        assert not show_licence_once(cache, stream)
        assert stream.getvalue() == LICENCE + "\n"
    assert "Marti" in LICENCE
