from collections import Counter
from pathlib import Path

import pytest

from pipeline.ingest.record_outcome import find_duplicates, settle_records
from pipeline.ingest.record_plan import RecordPlan
from pipeline.ingest.record_spool import SpooledLine, UnitReport
from pipeline.ingest.records import Problem
from schema.alphabet import LATIN
from schema.errors import InputError
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION

FOLDER = Path("somewhere")
LINES = (
    SpooledLine("a", TRAIN, 5, picture=1),
    SpooledLine("b", TEST, 5, picture=1),
    SpooledLine("c", TRAIN, 7, picture=2),
    SpooledLine("d", VALIDATION, 7, picture=2),
    SpooledLine("e", TRAIN, 9, picture=3),
    SpooledLine("f", TRAIN, 9, picture=3),
)


def plan(problems=()):
    return RecordPlan(
        (), {}, frozenset(), LATIN, tuple(problems), dict.fromkeys(SPLITS, 0), Counter()
    )


def test_a_picture_in_several_splits_stays_where_it_is_needed_most():
    assert find_duplicates(LINES) == {"a", "c", "f"}


def test_what_is_taken_is_counted_over_all_units():
    reports = [UnitReport(LINES[:2], ()), UnitReport(LINES[2:], ())]
    outcome = settle_records(plan(), reports, 0.01, FOLDER)
    assert outcome.lines == {TRAIN: 1, VALIDATION: 1, TEST: 1}
    assert outcome.characters == {TRAIN: 9, VALIDATION: 7, TEST: 5}
    assert outcome.duplicates_dropped == {TRAIN: 3, VALIDATION: 0, TEST: 0}


def test_problems_of_texts_and_of_pictures_count_together():
    text, picture = Problem("a.xml", "l1", "no text"), Problem("b.png", "l2", "broken")
    reports = [UnitReport(LINES, (picture,))]
    # Two of eight: a quarter.
    assert settle_records(plan([text]), reports, 0.25, FOLDER).problems == (picture,)
    with pytest.raises(InputError, match=r"at most 24.0% of 8 .* got 2: a.xml, l1: no text; b.png"):
        settle_records(plan([text]), reports, 0.24, FOLDER)


def test_a_split_that_only_duplicates_were_in_is_named():
    lines = tuple(line for line in LINES if line.sample_id in "bcd")
    with pytest.raises(InputError, match="none in train of 2 in somewhere"):
        settle_records(plan(), [UnitReport(lines, ())], 0.01, FOLDER)
