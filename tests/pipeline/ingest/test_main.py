import shutil

import numpy as np
import pytest
from PIL import Image

from pipeline.ingest.__main__ import main
from pipeline.ingest.line_folder import write_line_folder
from pipeline.ingest.records import LineRecord
from pipeline.ingest.spans import write_span


def lines(count=3):
    images = np.random.default_rng(0).integers(0, 256, (count, 20, 60), np.uint8)
    return [LineRecord(f"l{n}", image, f"a line {n}", "x") for n, image in enumerate(images)]


@pytest.fixture
def inspect(tmp_path, capsys):
    def run(folder):
        picture = tmp_path / "sheet.png"
        assert main(["inspect", str(folder), "--picture", str(picture)]) == 0
        with Image.open(picture) as sheet:
            assert len(sheet.getcolors(1 << 24)) > 10  # something is drawn on it
        return capsys.readouterr().out

    return run


def test_emnist_is_recognised_with_counts_and_classes(inspect, glyph_folder):
    told = inspect(glyph_folder)
    assert told.startswith("EMNIST tiny\n")
    assert "62 characters: 0123456789ABC" in told
    assert "test 248" in told
    assert "problems        none" in told


def test_a_broken_data_set_beside_a_good_one_is_a_problem(inspect, glyph_folder, tmp_path):
    folder = tmp_path / "both"
    shutil.copytree(glyph_folder, folder)
    (folder / "emnist-other-mapping.txt").write_text("0 65\n")
    told = inspect(folder)
    assert "EMNIST tiny" in told
    assert "got no emnist-other-train-images" in told


def test_iam_is_recognised_with_split_writers_and_shared_sentences(inspect, iam_copy):
    told = inspect(iam_copy)
    assert told.startswith("iam: split lwitlrt, xml texts")
    assert "writers        40" in told
    assert "official: train 85, validation 12, test 25" in told
    assert "train 1, validation 0, test 0 with a sentence" in told
    assert "ascii: lines.txt: punctuation set apart" in told


def test_spans_and_line_folders_are_told_apart(inspect, tmp_path):
    write_line_folder(lines(), tmp_path / "folder")
    assert inspect(tmp_path / "folder").startswith("folder: all lines")
    write_span(lines(), tmp_path / "spans", tool="a test")
    assert inspect(tmp_path / "spans").startswith("labeled: span 1 version 1")


def test_problems_are_named_up_to_a_bound_and_counted(inspect, tmp_path):
    write_line_folder(lines(40), tmp_path / "lines")
    for n in range(3, 40):
        (tmp_path / "lines" / f"l{n}.gt.txt").write_text("")
    told = inspect(tmp_path / "lines")
    assert "problems       37\n" in told
    assert told.count("expected one line of text, got none") == 30
    assert "and 7 more" in told


def test_what_cannot_be_used_is_said_in_one_line_with_status_2(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    write_line_folder(lines(1), tmp_path / "lines")
    (tmp_path / "lines" / "l0.png").write_bytes(b"no picture")
    for name in ("nowhere", "lines", "empty"):
        assert main(["inspect", str(tmp_path / name), "--picture", str(tmp_path / "p.png")]) == 2
        told = capsys.readouterr()
        assert told.err.count("\n") == 1
        assert told.err.startswith("pipeline.ingest: expected")
    with pytest.raises(SystemExit) as stopped:
        main(["inspect"])
    assert stopped.value.code == 2


def test_a_picture_that_cannot_be_written_is_said(tmp_path, capsys):
    write_line_folder(lines(), tmp_path / "lines")
    assert main(["inspect", str(tmp_path / "lines"), "--picture", str(tmp_path)]) == 2
    assert "give another --picture" in capsys.readouterr().err


def test_export_goes_into_a_new_folder_only(tmp_path, capsys):
    write_span(lines(), tmp_path / "spans", tool="a test")
    assert main(["export", str(tmp_path / "spans"), str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == f"3 lines written to {tmp_path / 'out'}, 0 left out\n"
    assert main(["export", str(tmp_path / "out"), str(tmp_path / "out")]) == 2
    assert "new or empty folder" in capsys.readouterr().err
