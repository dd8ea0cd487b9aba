from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.ingest import record_plan, record_sources
from pipeline.ingest.line_folder import write_line_folder
from pipeline.ingest.record_plan import plan_records
from pipeline.ingest.record_sources import FOLDER, MARK_UNKNOWN, RecordOptions, Source
from pipeline.ingest.records import LineRecord
from pipeline.ingest.units import LineEntry, gather_units
from schema.alphabet import LATIN, UNKNOWN
from schema.errors import InputError
from schema.features import SEEN
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION

OPTIONS = RecordOptions(FOLDER)


@pytest.fixture(autouse=True)
def _forget_plans():
    plan_records.cache_clear()


def record(name, text="some words", **more):
    return LineEntry(name, text, **more)


@pytest.fixture
def plan_of(monkeypatch, tmp_path):
    """Plans entries as if a source had them, two a unit."""

    def plan(entries, options=OPTIONS):
        def units(folder, options, problems):
            return gather_units(((Path(entry.sample_id), entry) for entry in entries), size=2)

        source = Source(units, record_sources.SOURCES[FOLDER].read)
        monkeypatch.setitem(record_sources.SOURCES, FOLDER, source)
        return plan_records(tmp_path, options)

    return plan


def test_a_tenth_each_goes_to_validation_and_test(plan_of):
    plan = plan_of([record(f"line-{n}") for n in range(100)])
    counts = [list(plan.splits.values()).count(split) for split in SPLITS]
    assert counts == [80, 10, 10]


@pytest.mark.parametrize(("writers", "divided"), [(1, 1), (3, 3), (10, 0)])
def test_too_few_writers_are_divided_and_counted(plan_of, writers, divided):
    entries = [record(f"{n}", f"Line {n}.", writer=f"{n % writers}") for n in range(100)]
    plan = plan_of(entries)
    assert plan.divided_writers == divided
    counts = [list(plan.splits.values()).count(split) for split in SPLITS]
    assert counts == [80, 10, 10]


def test_lines_of_a_writer_or_else_a_page_stay_together(plan_of):
    records = [
        record(
            f"{n}", f"Line {n}.", writer=f"writer {n % 7}" if n % 2 else None, page=f"page {n % 9}"
        )
        for n in range(140)
    ]
    plan = plan_of(records)
    for key in ("writer", "page"):
        groups = {}
        for line in records:
            name = line.writer if key == "writer" else (None if line.writer else line.page)
            if name:
                groups.setdefault(name, set()).add(plan.splits[line.sample_id])
        assert all(len(splits) == 1 for splits in groups.values())


def test_official_splits_are_kept(plan_of):
    records = [record(f"{n}", split=SPLITS[n % 3]) for n in range(12)]
    plan = plan_of(records)
    assert plan.splits == {line.sample_id: line.split for line in records}


def test_units_hold_the_lines_that_are_taken_and_their_pictures(plan_of):
    entries = [record(f"{n}") for n in range(40)]
    entries[6], entries[7] = record("6", text="naïve"), record("7", text="naïve")
    entries[9] = record("9", text="naïve")
    plan = plan_of(entries, RecordOptions(FOLDER, tolerated_share=0.1))
    assert len(plan.units) == 19  # the unit of 6 and 7 is gone
    assert plan.units[3].lines == (entries[8],)
    assert plan.units[3].files == (Path("8"),)
    assert [line.sample_id for unit in plan.units for line in unit.lines] == list(plan.splits)


def test_training_lines_with_a_sentence_of_another_split_are_left_out_and_counted(plan_of):
    sentence = "One sentence that many copy."
    entries = [record(f"{n}", f"Line {n} on its own.", split=SPLITS[n % 3]) for n in range(9)]
    entries[0] = record("0", sentence, split=TRAIN)
    entries[1] = record("1", sentence.upper(), split=VALIDATION)
    entries[2] = record("2", sentence, split=TEST)
    plan = plan_of(entries)
    assert set(plan.splits) == {f"{n}" for n in range(2, 9)}
    assert plan.shared_dropped == {TRAIN: 1, VALIDATION: 1, TEST: 0}
    assert "many" not in plan.train_words
    plan_records.cache_clear()
    kept = plan_of(entries, RecordOptions(FOLDER, shared_texts="keep"))
    assert len(kept.splits) == 9
    assert kept.shared_dropped == dict.fromkeys(SPLITS, 0)


def test_characters_outside_the_alphabet_are_counted_and_named_never_mapped(plan_of):
    records = [record(f"{n}") for n in range(40)]
    records[7] = record("odd", text="naïve")
    plan = plan_of(records, RecordOptions(FOLDER, tolerated_share=0.1))
    assert "odd" not in plan.splits
    [problem] = plan.problems
    assert problem.sample_id == "odd"
    assert "'ï'" in problem.reason
    assert plan.outside == {"ï": 1}
    assert plan.alphabet == LATIN


def test_too_many_of_them_stop_the_run(plan_of):
    records = [record(f"{n}", text="été") for n in range(40)]
    with pytest.raises(InputError, match=r"40.*'é'.*--alphabet data"):
        plan_of(records)


def test_the_alphabet_may_be_that_of_the_data(plan_of):
    plan = plan_of(
        [record(f"{n}", text="été") for n in range(20)], RecordOptions(FOLDER, alphabet="data")
    )
    assert set(plan.alphabet.symbols) == {"é", "t"}
    assert not plan.problems


def test_the_seed_decides_the_split(plan_of):
    records = [record(f"{n}") for n in range(60)]
    first = plan_of(records).splits
    assert plan_of(records, RecordOptions(FOLDER, seed=1)).splits != first
    plan_records.cache_clear()
    assert plan_of(records[::-1]).splits == first


def test_too_few_lines_for_three_splits_are_refused(plan_of):
    with pytest.raises(InputError, match="none in train of 2"):
        plan_of([record("a"), record("b")])


@pytest.mark.parametrize(
    "wrong", [{"source": "drawer"}, {"tolerated_share": 1.0}, {"shared_texts": "some"}]
)
def test_impossible_options_are_refused(wrong):
    with pytest.raises(InputError, match=r"choose one|correct it"):
        RecordOptions(**({"source": FOLDER} | wrong))


def test_a_real_folder_is_planned_without_reading_pictures(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (30, 20, 60), np.uint8)
    lines = (LineRecord(f"line-{n}", image, "two words", "x") for n, image in enumerate(images))
    write_line_folder(lines, tmp_path)
    for path in tmp_path.glob("*.png"):
        path.write_bytes(b"not looked at")
    plan = record_plan.plan_records(tmp_path, OPTIONS)
    assert len(plan.splits) == 30
    assert plan.train_words == {"two", "words"}
    assert plan.vocabulary("two words") == SEEN


def test_unknown_characters_can_be_marked_as_such(plan_of):
    entries = [record(f"{n}", f"line {n}") for n in range(20)] + [record("x", "naïve ©")]
    plan = plan_of(entries, replace(OPTIONS, unknown=MARK_UNKNOWN))
    assert plan.alphabet.symbols == LATIN.symbols + UNKNOWN
    assert plan.outside == {"ï": 1, "©": 1}
    texts = {line.sample_id: line.text for unit in plan.units for line in unit.lines}
    assert texts["x"] == f"na{UNKNOWN}ve {UNKNOWN}"
    assert not plan.problems


def test_another_policy_for_unknown_characters_is_refused():
    with pytest.raises(InputError, match="leave_out or mark"):
        replace(OPTIONS, unknown="guess")
