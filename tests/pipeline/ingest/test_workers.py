import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.buckets.shared_folder import SharedFolder
from pipeline.ingest.chunk_file import write_chunks
from pipeline.ingest.data_folder import DataFolder
from pipeline.ingest.emnist import index_emnist
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.glyph_store import write_store
from pipeline.ingest.line_folder import plan_line_folder, write_line_folder
from pipeline.ingest.record_sources import FOLDER, RecordOptions
from pipeline.ingest.record_spool import UnitJob
from pipeline.ingest.records import LineRecord, Problems
from pipeline.ingest.spelling import LineChunk
from pipeline.ingest.workers import ReadChunks, ReadUnit, SpellLines, TakeLines
from schema.features import SEEN, UNSEEN
from schema.splits import TEST, TRAIN

ROOT = Path(__file__).resolve().parents[3]


def test_workers_start_without_tensorflow():
    code = (
        "import sys, pipeline.ingest.workers; "
        "sys.exit(', '.join({'tensorflow', 'tfx'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_lines_are_tagged_with_the_split_of_their_chunk(glyph_folder, tmp_path):
    store = write_store(index_emnist(find_emnist(glyph_folder)).train, tmp_path / "glyphs")
    worker = SpellLines(SharedFolder(str(tmp_path)), {TRAIN: store}, "emnist-tiny", seed=0)
    worker.setup()
    spelled = list(worker.process(LineChunk(TRAIN, 5, ("Ab", "c d"), (SEEN, SEEN))))
    worker.teardown()
    assert [line.tag for line in spelled] == [TRAIN, TRAIN]
    assert b"train/000005" in spelled[0].value
    assert b"train/000006" in spelled[1].value


def test_chunks_are_found_at_their_places(tmp_path):
    chunks = [
        LineChunk(TRAIN, 0, ("na\u00efve", "two"), (SEEN, UNSEEN)),
        LineChunk(TEST, 256, ('a "b" c',), (UNSEEN,)),
    ]
    places = write_chunks(chunks, tmp_path / "lines")
    worker = ReadChunks(SharedFolder(str(tmp_path)), "lines")
    worker.setup()
    found = [chunk for place in reversed(places) for chunk in worker.process(place)]
    worker.teardown()
    assert found == chunks[::-1]


@pytest.fixture
def unit(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (3, 20, 60), np.uint8)
    lines = (LineRecord(f"l{n}", image, f"text {n}", "x") for n, image in enumerate(images))
    write_line_folder(lines, tmp_path / "lines")
    [found] = plan_line_folder(tmp_path / "lines", Problems())
    return found


def test_what_one_worker_reads_another_takes_without_what_is_dropped(unit, tmp_path):
    job = UnitJob(0, unit, (TRAIN, TEST, TRAIN), (SEEN,) * 3)
    data, spool = DataFolder(tmp_path / "lines"), SharedFolder(str(tmp_path))
    ReadUnit(data, RecordOptions(FOLDER), spool).process(job)
    taken = list(TakeLines(spool, frozenset({"l0"})).process(0))
    assert [line.tag for line in taken] == [TEST, TRAIN]
    assert b"test/l1" in taken[0].value
