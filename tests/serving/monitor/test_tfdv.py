"""What TFDV measures is what thresholds are learned of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.monitor.bins import CategoryBins, NumberBins
from serving.monitor.divergence import infinity_norm, jensen_shannon
from serving.monitor.findings import DRIFT, SKEW
from serving.monitor.request_schema import make_request_schema
from serving.monitor.tfdv_statistics import Counted, make_statistics
from serving.monitor.tfdv_validation import validate_window

NUMBER, WHOLE, CATEGORY = "confidence", "reading_length", "image_format"
BINS = {
    NUMBER: NumberBins((0.1, 0.2, 0.7)),
    WHOLE: NumberBins((2.5, 9.5, 20.5)),
    CATEGORY: CategoryBins(("png", "jpeg", "gif")),
}
COUNTS = st.lists(st.integers(0, 5000), min_size=4, max_size=4).filter(any)


def tell(counts):
    found = {
        name: Counted(np.array(counts), sum(counts), 0.0, 1.0) for name in (NUMBER, WHOLE, CATEGORY)
    }
    return make_statistics(sum(counts), BINS, found, [WHOLE])


@settings(deadline=None, max_examples=60)
@given(now=COUNTS, reference=COUNTS, before=COUNTS)
def test_both_measure_the_same(now, reference, before):
    schema = make_request_schema(BINS)
    validation = validate_window(tell(now), schema, tell(reference), tell(before))
    found = {(each.check, each.feature): each.measured for each in validation.compared}
    for check, other in ((SKEW, reference), (DRIFT, before)):
        for name in (NUMBER, WHOLE):
            assert found[check, name] == pytest.approx(float(jensen_shannon(now, other)), abs=1e-9)
        assert found[check, CATEGORY] == pytest.approx(float(infinity_norm(now, other)), abs=1e-9)
    assert validation.anomalies == ()
