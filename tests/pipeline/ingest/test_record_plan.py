import numpy as np
import pytest

from pipeline.ingest import record_plan, record_sources
from pipeline.ingest.line_folder import write_line_folder
from pipeline.ingest.record_plan import plan_records
from pipeline.ingest.record_sources import FOLDER, RecordOptions
from pipeline.ingest.records import LineRecord
from schema.alphabet import LATIN
from schema.errors import InputError
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION

OPTIONS = RecordOptions(FOLDER)


@pytest.fixture(autouse=True)
def _forget_plans():
    plan_records.cache_clear()


def record(name, text="some words", seed=None, **more):
    rng = np.random.default_rng(abs(hash(name)) % 2**32 if seed is None else seed)
    image = rng.integers(0, 256, (20, 60), np.uint8)
    return LineRecord(name, image, text, source="test", **more)


@pytest.fixture
def plan_of(monkeypatch, tmp_path):
    """Plans records as if a reader had read them."""

    def plan(records, options=OPTIONS):
        def read(folder, options, problems):
            for line in records:
                problems.take()
                yield line

        monkeypatch.setitem(record_sources.SOURCES, FOLDER, read)
        return plan_records(tmp_path, options)

    return plan


def test_a_tenth_each_goes_to_validation_and_test(plan_of):
    plan = plan_of([record(f"line-{n}") for n in range(100)])
    counts = [list(plan.splits.values()).count(split) for split in SPLITS]
    assert counts == [80, 10, 10]


def test_lines_of_a_writer_or_else_a_page_stay_together(plan_of):
    records = [
        record(f"{n}", writer=f"writer {n % 7}" if n % 2 else None, page=f"page {n % 9}")
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


def test_a_picture_in_several_splits_stays_where_it_is_needed_most(plan_of):
    records = [
        record("a", seed=1, split=TRAIN),
        record("b", seed=1, split=TEST),
        record("c", seed=2, split=TRAIN),
        record("d", seed=2, split=VALIDATION),
        record("e", seed=3, split=TRAIN),
        record("f", seed=3, split=TRAIN),
    ]
    plan = plan_of(records)
    assert plan.splits == {"b": TEST, "d": VALIDATION, "e": TRAIN}
    assert plan.duplicates_dropped == {TRAIN: 3, VALIDATION: 0, TEST: 0}


def test_characters_outside_the_alphabet_are_counted_and_named_never_mapped(plan_of):
    records = [record(f"{n}") for n in range(40)]
    records[7] = record("odd", text="naïve")
    plan = plan_of(records, RecordOptions(FOLDER, tolerated_share=0.1))
    assert "odd" not in plan.splits
    [problem] = plan.problems
    assert problem.sample_id == "odd"
    assert "'ï'" in problem.reason
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


@pytest.mark.parametrize("wrong", [{"source": "drawer"}, {"tolerated_share": 1.0}])
def test_impossible_options_are_refused(wrong):
    with pytest.raises(InputError, match=r"choose one|correct it"):
        RecordOptions(**({"source": FOLDER} | wrong))


def test_a_real_folder_is_planned(tmp_path):
    write_line_folder([record(f"line-{n}") for n in range(30)], tmp_path)
    plan = record_plan.plan_records(tmp_path, OPTIONS)
    assert len(plan.splits) == 30
    assert sum(plan.characters.values()) == 30 * len("some words")
    assert plan.train_words == {"some", "words"}
