import json

import pytest

from pipeline.span_check.comparison import (
    COMPARISON_FILE,
    FeatureShift,
    SpanComparison,
    read_comparison,
    write_comparison,
)
from pipeline.span_check.options import STOP, WARN, SpanCheckOptions
from schema.errors import InputError

MOVED = FeatureShift("sharpness", "train", 0.5, 0.1, ("a", "b"), (0.5, 0.5), (0.0, 1.0), 3.0, 9.0)
STAYED = FeatureShift("source", "test", 0.1, 0.1, ("x",), (1.0,), (1.0,))
UNLIKE = SpanComparison(WARN, "Examples 9", "Examples 2", (MOVED, STAYED), ("a note",))


def test_a_comparison_is_read_as_it_was_written(tmp_path):
    for comparison in (UNLIKE, SpanComparison(STOP, "Examples 2")):
        write_comparison(comparison, tmp_path)
        assert read_comparison(tmp_path) == comparison


@pytest.mark.parametrize("content", ["", "[]", '{"shifts": [{}]}', '{"shifts": []}'])
def test_a_file_of_another_form_is_refused(tmp_path, content):
    (tmp_path / COMPARISON_FILE).write_text(content)
    with pytest.raises(InputError, match="expected a comparison as this version writes it"):
        read_comparison(tmp_path)


def test_what_was_found_is_told_in_one_line():
    told = UNLIKE.describe()
    assert told == (
        "Examples 9 is unlike Examples 2: sharpness (train) diverges by 0.50, allowed 0.10, its "
        "median went from 3 to 9"
    )
    many = SpanComparison(WARN, "Examples 9", "Examples 2", (MOVED,) * 5)
    assert many.describe().endswith("; 2 more")
    alike = SpanComparison(WARN, "Examples 9", "Examples 2", (STAYED,))
    assert alike.describe() == "Examples 9 is like Examples 2"
    assert "the first of this pipeline" in SpanComparison(WARN, "Examples 2").describe()


def test_the_result_tells_what_is_skewed():
    told = json.loads(json.dumps(UNLIKE.as_json()))
    assert told["compared_with"] == "Examples 2"
    assert [each["feature"] for each in told["skewed"]] == ["sharpness"]
    assert told["notes"] == ["a note"]


@pytest.mark.parametrize(
    ("options", "told"),
    [({"span_policy": "shrug"}, "stop or warn"), ({"span_false_alarms": 0.0}, "span_false_alarms")],
)
def test_options_out_of_range_are_refused(options, told):
    with pytest.raises(InputError, match=told):
        SpanCheckOptions(**options)
