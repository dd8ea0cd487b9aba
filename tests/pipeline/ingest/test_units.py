from pathlib import Path

import numpy as np

from pipeline.ingest.line_folder import write_line_folder
from pipeline.ingest.records import LineRecord, Problems
from pipeline.ingest.units import LineEntry, Unit, gather_units, read_pictures

ENTRIES = [LineEntry(f"l{n}", f"text {n}", writer="w") for n in range(5)]


def test_lines_are_gathered_in_order_and_the_rest_is_a_unit_too():
    units = list(gather_units(((Path(e.sample_id), e) for e in ENTRIES), size=2))
    assert [len(unit.lines) for unit in units] == [2, 2, 1]
    assert [entry for unit in units for entry in unit.lines] == ENTRIES
    assert [path.name for unit in units for path in unit.files] == ["l0", "l1", "l2", "l3", "l4"]
    assert list(gather_units([])) == []


def test_a_selection_keeps_the_pictures_of_its_lines():
    [unit] = gather_units((Path(e.sample_id), e) for e in ENTRIES)
    assert unit.select([1, 4]) == Unit((Path("l1"), Path("l4")), (ENTRIES[1], ENTRIES[4]))


def test_a_selection_keeps_the_one_file_that_holds_all_lines():
    page = Unit((Path("page.xml"),), tuple(ENTRIES))
    assert page.select([2]) == Unit((Path("page.xml"),), (ENTRIES[2],))


def test_pictures_are_read_one_by_one_and_broken_ones_named(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5, 20, 60), np.uint8)
    records = (
        LineRecord(e.sample_id, image, e.text, "x")
        for e, image in zip(ENTRIES, images, strict=True)
    )
    write_line_folder(records, tmp_path)
    (tmp_path / "l3.png").unlink()
    [unit] = gather_units((tmp_path / f"{e.sample_id}.png", e) for e in ENTRIES)
    problems = Problems(tolerated_share=1.0)
    read = list(read_pictures(tmp_path, unit, "here", problems))
    assert [line.sample_id for line in read] == ["l0", "l1", "l2", "l4"]
    assert {(line.source, line.writer) for line in read} == {("here", "w")}
    np.testing.assert_array_equal(read[3].image, images[4])
    assert problems.taken == 4
    assert str(problems.found[0]).startswith("l3.png, l3: expected a picture file, got none")
