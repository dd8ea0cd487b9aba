import numpy as np
import pytest

from pipeline.ingest.export import export_lines, file_name
from pipeline.ingest.line_folder import read_line_folder, write_line_folder
from pipeline.ingest.record_sources import IAM, RecordOptions, read_records
from pipeline.ingest.records import LineRecord, Problems
from schema.errors import InputError


def test_lines_of_iam_come_back_from_the_folder(iam_copy, tmp_path):
    count, problems = export_lines(iam_copy, tmp_path / "out")
    back = {line.sample_id: line for line in read_line_folder(tmp_path / "out", Problems(0.0))}
    lines = list(read_records(iam_copy, RecordOptions(IAM), Problems(0.0)))
    assert count == len(lines) == len(back) == 122
    assert not problems
    for line in lines:
        assert back[line.sample_id].text == line.text
        np.testing.assert_array_equal(back[line.sample_id].image, line.image)


def test_what_is_left_out_is_returned(tmp_path):
    images = np.zeros((3, 9, 9), np.uint8)
    lines = (LineRecord(f"l{n}", image, "some text", "x") for n, image in enumerate(images))
    write_line_folder(lines, tmp_path / "lines")
    (tmp_path / "lines" / "l1.png").write_bytes(b"broken")
    count, [problem] = export_lines(tmp_path / "lines", tmp_path / "out")
    assert count == 2
    assert problem.sample_id == "l1"


def test_glyphs_are_no_lines(glyph_folder, tmp_path):
    with pytest.raises(InputError, match="expected a source of real lines, got emnist"):
        export_lines(glyph_folder, tmp_path / "out")


@pytest.mark.parametrize(
    ("sample_id", "expected"),
    [
        ("span-1/page/l1", "span-1/page/l1"),
        ("page 3/r1:l2", "page_3/r1_l2"),
        ("../up", "_/up"),
        (".hidden/l", "_hidden/l"),
        ("été/1", "été/1"),
    ],
)
def test_ids_become_names_of_files(sample_id, expected):
    assert file_name(sample_id) == expected
