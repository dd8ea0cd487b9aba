"""The TFDV schema of requests: what may come in, and from which divergence on anybody cares.

It is made with the reference and kept beside it as text. Its comparators hold the least divergences
of practical significance, which its owner may change, one feature at a time; for each window they
are raised to what chance alone reaches there (`thresholds`), and TFDV is given that schema.
"""

from collections.abc import Iterable, Mapping

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schema import request_features
from schema.errors import InputError
from schema.features import LINE_SCHEMA_FILE
from serving.monitor.bins import Bins, NumberBins
from serving.monitor.findings import DRIFT, SKEW

SERVING = "SERVING"
"""The environment of requests, which have no ground truth."""

DIVERGENCE_FLOOR = 0.01
"""Bits of Jensen-Shannon divergence of a number: about what a shift of the mean by a quarter of a
standard deviation comes to."""
NORM_FLOOR = 0.02
"""Difference between the shares of a category."""

BROKEN_SHARE = 0.01
"""Share of the requests whose picture or answer may lack what others have."""

_FRACTIONS = (request_features.CONFIDENCE, request_features.UNKNOWN_WORD_SHARE)
_WHOLE = (request_features.READING_LENGTH,)
_OPTIONAL = (request_features.LATENCY_MS,)


def make_request_schema(bins: Mapping[str, Bins]) -> schema_pb2.Schema:
    """Makes the schema of the features that windows are counted by."""
    lines = text_format.Parse(LINE_SCHEMA_FILE.read_text(encoding="utf-8"), schema_pb2.Schema())
    curated = {feature.name: feature for feature in lines.feature}
    made = schema_pb2.Schema(default_environment=[SERVING])
    for name, each in bins.items():
        feature = made.feature.add(name=name)
        if name in curated:
            feature.CopyFrom(curated[name])
        else:
            _describe(feature, name, each)
        if name in _OPTIONAL:
            feature.ClearField("presence")
        else:
            feature.presence.min_fraction = 1 - BROKEN_SHARE
        _set_comparators(feature, each)
    return made


def parse_request_schema(text: str, where: str) -> schema_pb2.Schema:
    """Reads a schema.

    Args:
      text: of a protocol buffer.
      where: named in the error.

    Raises:
      InputError: it is something else.
    """
    try:
        return text_format.Parse(text, schema_pb2.Schema())
    except text_format.ParseError as error:
        raise InputError(
            f"expected a TFDV schema, got {str(error).splitlines()[0]} in {where}: mend the text, "
            "or learn the reference anew"
        ) from None


def schema_to_text(schema: schema_pb2.Schema) -> str:
    """Writes what `parse_request_schema` reads."""
    text: str = text_format.MessageToString(schema)
    return text


def floors_of(schema: schema_pb2.Schema, check: str) -> dict[str, float]:
    """Returns feature -> threshold of its comparator for `SKEW` or `DRIFT`, where it has one."""
    found = {}
    for feature in schema.feature:
        comparator = _comparator(feature, check)
        for kind in ("jensen_shannon_divergence", "infinity_norm"):
            if comparator.HasField(kind):
                found[feature.name] = getattr(comparator, kind).threshold
    return found


def raise_thresholds(
    schema: schema_pb2.Schema, check: str, thresholds: Mapping[str, float], keep: Iterable[str]
) -> None:
    """Sets the comparators of a check.

    Args:
      schema: is changed.
      check: `SKEW` or `DRIFT`.
      thresholds: feature -> threshold.
      keep: features to compare; comparators of others go.
    """
    kept = set(keep)
    for feature in schema.feature:
        comparator = _comparator(feature, check)
        for kind in ("jensen_shannon_divergence", "infinity_norm"):
            if comparator.HasField(kind) and feature.name in kept:
                getattr(comparator, kind).threshold = thresholds[feature.name]
            else:
                comparator.ClearField(kind)


def _comparator(feature: schema_pb2.Feature, check: str) -> schema_pb2.FeatureComparator:
    return {SKEW: feature.skew_comparator, DRIFT: feature.drift_comparator}[check]


def _describe(feature: schema_pb2.Feature, name: str, bins: Bins) -> None:
    feature.presence.min_count = 1
    if not isinstance(bins, NumberBins):
        feature.type = schema_pb2.BYTES
    elif name in _WHOLE:
        feature.type = schema_pb2.INT
        feature.int_domain.min = 0
    else:
        feature.type = schema_pb2.FLOAT
        feature.float_domain.min = 0.0
        if name in _FRACTIONS:
            feature.float_domain.max = 1.0


def _set_comparators(feature: schema_pb2.Feature, bins: Bins) -> None:
    for comparator in (feature.skew_comparator, feature.drift_comparator):
        comparator.Clear()
        if isinstance(bins, NumberBins):
            comparator.jensen_shannon_divergence.threshold = DIVERGENCE_FLOOR
        else:
            comparator.infinity_norm.threshold = NORM_FLOOR
