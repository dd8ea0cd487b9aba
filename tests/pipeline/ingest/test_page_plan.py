import dataclasses

import pytest

from pipeline.ingest.page_plan import GENERATED, PageOptions, plan_pages
from schema.errors import InputError
from schema.splits import SPLITS, TEST, TRAIN, VALIDATION
from tests.pipeline.ingest.pages.conftest import DrawnLine, DrawnPage


def write_pages(folder, count, text="a line"):
    for number in range(count):
        # Each page has its line at another height, so that no picture is another's.
        page = DrawnPage((DrawnLine("l1", 20 + number, text, "DefaultLine:Handwritten"),))
        xml = page.alto().replace("page.png", f"p{number}.png")
        page.write(folder, xml, f"p{number}")
    return folder


def ids(plan, split):
    return {unit.survey.page_id for unit in plan.units if unit.split == split and unit.survey}


def test_an_archive_is_dealt_out_by_page(tmp_path):
    plan = plan_pages(write_pages(tmp_path, 10), PageOptions(generated_share=0.5))
    # 0.3 and 0.15 of 10 pages, and as many generated as real ones to train on.
    assert [len(ids(plan, split)) for split in (TEST, VALIDATION, TRAIN)] == [3, 2, 5]
    assert plan.count(TRAIN) == 10
    assert not ids(plan, TEST) & (ids(plan, TRAIN) | ids(plan, VALIDATION))


def test_another_seed_deals_otherwise(tmp_path):
    folder, options = write_pages(tmp_path, 10), PageOptions()
    tests = {
        frozenset(ids(plan_pages(folder, dataclasses.replace(options, seed=seed)), TEST))
        for seed in range(4)
    }
    assert len(tests) > 1


def test_a_picture_stays_in_one_split(tmp_path):
    write_pages(tmp_path, 8)
    for number in range(8):
        (tmp_path / f"copy{number}.xml").write_text(
            (tmp_path / f"p{number}.xml").read_text().replace(f"p{number}.png", f"c{number}.png")
        )
        (tmp_path / f"c{number}.png").write_bytes((tmp_path / f"p{number}.png").read_bytes())
    plan = plan_pages(tmp_path, PageOptions(generated_share=0.0))
    assert sum(plan.count(split) for split in SPLITS) == 8
    assert sum(plan.duplicates_dropped.values()) == 8


def test_lines_without_a_text_serve_the_detector(tmp_path):
    plan = plan_pages(write_pages(tmp_path, 5, text=""), PageOptions(tolerated_share=0.0))
    assert not plan.problems
    assert sum(plan.count(split) for split in (TEST, VALIDATION)) == 3


def test_too_few_pages(tmp_path):
    with pytest.raises(InputError, match="pages in every split"):
        plan_pages(write_pages(tmp_path, 2), PageOptions())


def test_too_many_problems(tmp_path):
    write_pages(tmp_path, 5)
    (tmp_path / "p0.png").unlink()
    with pytest.raises(InputError, match=r"p0\.png"):
        plan_pages(tmp_path, PageOptions())


def test_generated_pages_alone(tmp_path):
    plan = plan_pages(tmp_path, PageOptions(source=GENERATED, generated_pages=10))
    assert {split: plan.count(split) for split in SPLITS} == {TRAIN: 10, VALIDATION: 2, TEST: 2}
    assert len({unit.number for unit in plan.units}) == 14


def test_forms_of_iam_keep_their_official_split(iam_copy):
    plan = plan_pages(iam_copy, PageOptions(source="iam"))
    assert {split: plan.count(split) for split in SPLITS} == {TRAIN: 28, VALIDATION: 4, TEST: 8}


@pytest.mark.parametrize(
    "change",
    [
        {"source": "emnist"},
        {"split_scheme": "mine"},
        {"generated_share": 1.0},
        {"test_share": -0.1},
        {"test_share": 0.6, "validation_share": 0.4},
        {"generated_pages": 4},
    ],
)
def test_bad_options(change):
    with pytest.raises(InputError, match="expected"):
        PageOptions(**change)


def test_ignored_types_are_named_with_commas():
    options = PageOptions(ignored_line_types="DefaultLine:Print,DefaultLine:Typewritten")
    assert options.ignored == {"DefaultLine:Print", "DefaultLine:Typewritten"}
    assert PageOptions().ignored == frozenset()
