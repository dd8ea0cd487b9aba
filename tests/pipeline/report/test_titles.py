import pytest

from pipeline.report import titles
from pipeline.tasks import TASKS


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_whatever_is_gated_or_sliced_has_a_title(task):
    assert set(task.gate().bounds()) <= set(titles.METRICS)
    assert set(task.slices) <= set(titles.FEATURES)


def test_what_has_no_title_keeps_its_name():
    assert titles.of_metric("speed") == "speed"
    assert titles.of_feature("ink") == "ink"
