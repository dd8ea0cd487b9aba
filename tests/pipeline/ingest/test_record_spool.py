import io
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pipeline.ingest.line_folder import plan_line_folder, write_line_folder
from pipeline.ingest.record_sources import FOLDER, RecordOptions
from pipeline.ingest.record_spool import (
    UnitJob,
    read_examples,
    read_report,
    record_example,
    spool_unit,
)
from pipeline.ingest.records import LineRecord, Problems
from schema import features
from schema.features import SEEN
from schema.splits import TEST, TRAIN

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 20, 60), np.uint8)
IMAGES[2] = IMAGES[0]


@pytest.fixture
def job(tmp_path):
    folder = tmp_path / "lines"
    lines = (LineRecord(f"l{n}", image, f"text {n}", "x") for n, image in enumerate(IMAGES))
    write_line_folder(lines, folder)
    [unit] = plan_line_folder(folder, Problems())
    return folder, UnitJob(7, unit, (TRAIN, TEST, TRAIN), (SEEN,) * 3)


def test_what_was_read_waits_with_its_split_and_picture(job, tmp_path):
    folder, unit_job = job
    spool_unit(folder, RecordOptions(FOLDER), unit_job, tmp_path)
    for (line, example), image in zip(read_examples(tmp_path, 7), IMAGES, strict=True):
        feature = tf.train.Example.FromString(example).features.feature
        name = feature[features.SAMPLE_ID].bytes_list.value[0].decode()
        assert name == f"{line.split}/{line.sample_id}"
        picture = feature[features.IMAGE].bytes_list.value[0]
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(picture))), image)
    lines = read_report(tmp_path, 7).lines
    assert [line.split for line in lines] == [TRAIN, TEST, TRAIN]
    assert [line.characters for line in lines] == [6, 6, 6]
    assert lines[0].picture == lines[2].picture != lines[1].picture


def test_a_broken_picture_is_reported_and_the_rest_read(job, tmp_path):
    folder, unit_job = job
    (folder / "l1.png").write_bytes(b"no picture")
    spool_unit(folder, RecordOptions(FOLDER), unit_job, tmp_path)
    report = read_report(tmp_path, 7)
    assert [line.sample_id for line in report.lines] == ["l0", "l2"]
    [problem] = report.problems
    assert (problem.file, problem.sample_id) == ("l1.png", "l1")
    assert len(list(read_examples(tmp_path, 7))) == 2


def test_a_unit_that_is_read_again_replaces_the_first_reading(job, tmp_path):
    folder, unit_job = job
    for _ in range(2):
        spool_unit(folder, RecordOptions(FOLDER), unit_job, tmp_path)
    files = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert files == ["000007.examples", "000007.json"]


def test_the_text_is_that_of_the_plan(job, tmp_path):
    folder, unit_job = job
    lines = tuple(replace(line, text="as planned") for line in unit_job.unit.lines)
    planned = replace(unit_job, unit=replace(unit_job.unit, lines=lines))
    spool_unit(folder, RecordOptions(FOLDER), planned, tmp_path)
    for _, example in read_examples(tmp_path, 7):
        feature = tf.train.Example.FromString(example).features.feature
        assert feature[features.TEXT].bytes_list.value[0] == b"as planned"


@pytest.mark.parametrize(("page", "writer"), [("p1", "007"), (None, None)])
def test_page_and_writer_go_along_where_they_are_known(page, writer):
    record = LineRecord("l0", IMAGES[0], "text", "x", page=page, writer=writer)
    feature = tf.train.Example.FromString(record_example(record, TEST, SEEN)).features.feature
    found = [feature[key].bytes_list.value[0] for key in (features.PAGE, features.WRITER)]
    assert found == [(name or "").encode() for name in (page, writer)]
