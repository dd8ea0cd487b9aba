import base64
import dataclasses
import re

from serving.monitor.report.facets import render_facets


def test_both_sides_are_in_the_page(drifted):
    from tensorflow_metadata.proto.v0 import statistics_pb2

    page = render_facets(drifted)
    # It hands the statistics to Facets as a protocol buffer.
    [encoded] = re.findall(r'proto-input="([^"]+)"', page)
    told = statistics_pb2.DatasetFeatureStatisticsList.FromString(base64.b64decode(encoded))
    assert [each.name for each in told.datasets] == ["now: lines, version 7", "reference"]
    assert all(each.features for each in told.datasets)


def test_without_a_reference_there_is_none(drifted):
    assert render_facets(dataclasses.replace(drifted, reference=None)) is None
