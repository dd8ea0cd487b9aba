"""Asks TensorFlow Data Validation what is wrong with a window, in the SERVING environment."""

from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from serving.monitor.findings import DRIFT, SKEW
from serving.monitor.request_schema import SERVING

_Reason = anomalies_pb2.AnomalyInfo
_COMPARED = {
    _Reason.COMPARATOR_L_INFTY_HIGH,
    _Reason.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH,
}
"""Anomalies that the comparators raise: their measures tell them already."""


@dataclass(frozen=True)
class Compared:
    """What a comparator of the schema measured, and its threshold."""

    check: str
    feature: str
    measured: float
    threshold: float


@dataclass(frozen=True)
class Validation:
    """TFDV's word on a window.

    Args:
      compared: of every comparator that had both sides.
      anomalies: (feature, sentence) of everything else that the schema does not allow; the feature
        is "" where it is about the requests as a whole.
    """

    compared: tuple[Compared, ...]
    anomalies: tuple[tuple[str, str], ...]


def validate_window(
    window: statistics_pb2.DatasetFeatureStatisticsList,
    schema: schema_pb2.Schema,
    reference: statistics_pb2.DatasetFeatureStatisticsList,
    previous: statistics_pb2.DatasetFeatureStatisticsList | None,
) -> Validation:
    """Validates a window's statistics.

    Args:
      window: of the requests.
      schema: with its comparators.
      reference: what the window is skewed against. TFDV calls one side training and the other one
        serving; both of its measures are symmetric.
      previous: what the window has drifted from.
    """
    import tensorflow_data_validation as tfdv

    found = tfdv.validate_statistics(
        window,
        schema,
        environment=SERVING,
        previous_statistics=previous,
        serving_statistics=reference,
    )
    compared = [
        Compared(check, _name(told.path), measure.value, measure.threshold)
        for told in found.drift_skew_info
        for check, measures in ((SKEW, told.skew_measurements), (DRIFT, told.drift_measurements))
        for measure in measures
    ]
    return Validation(tuple(compared), describe_anomalies(found))


def describe_anomalies(found: anomalies_pb2.Anomalies) -> tuple[tuple[str, str], ...]:
    """Returns (feature, sentence) of all that no comparator raised, as in `Validation`."""
    anomalies = [
        (_name(info.path) or key, f"{reason.short_description}: {reason.description}")
        for key, info in sorted(found.anomaly_info.items())
        for reason in info.reason
        if reason.type not in _COMPARED
    ]
    if found.HasField("dataset_anomaly_info"):
        anomalies += [("", reason.description) for reason in found.dataset_anomaly_info.reason]
    return tuple(anomalies)


def _name(path: object) -> str:
    return ".".join(path.step)  # type: ignore[attr-defined]
