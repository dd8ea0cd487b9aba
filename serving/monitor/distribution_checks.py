"""Skew against the reference, drift from the window before, and what the schema does not allow.

The measures and the verdict are TFDV's; the thresholds are learned for the window's own size
(`thresholds`), raised to the floors in the reference's schema.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tensorflow_metadata.proto.v0 import schema_pb2

from serving.monitor.findings import CONFIDENCE, DRIFT, SCHEMA, SKEW, Finding
from serving.monitor.profile import WindowProfile
from serving.monitor.reference import Reference
from serving.monitor.request_schema import floors_of, parse_request_schema, raise_thresholds
from serving.monitor.settings import CheckSettings
from serving.monitor.tfdv_statistics import reference_statistics, window_statistics
from serving.monitor.tfdv_validation import Compared, validate_window
from serving.monitor.thresholds import (
    UNSURE,
    NullDistribution,
    calibrate_alone,
    calibrate_drift,
    calibrate_skew,
)
from serving.monitor.wording import feature_title

LEAST_SHARE = 0.5
"""Of a window's requests that must have a feature for its distribution to be looked at."""


@dataclass(frozen=True)
class Calibrated:
    """What one check is held to: thresholds by feature, and where they come from."""

    thresholds: Mapping[str, float]
    null: NullDistribution


def check_distributions(
    profile: WindowProfile,
    previous: WindowProfile | None,
    reference: Reference,
    settings: CheckSettings,
    rate: float,
) -> tuple[list[Finding], list[str]]:
    """Runs the checks that look at distributions.

    Args:
      profile: of the window.
      previous: of the one before it, of the same model version.
      reference: the clean sample.
      settings: of the checks.
      rate: of false alarms, of each of skew and drift.

    Returns:
      findings, and notes on what could not be checked.
    """
    schema = parse_request_schema(reference.schema, "the reference's schema")
    notes: list[str] = []
    skew = _calibrate_skew(profile, reference, schema, settings, rate, notes)
    raise_thresholds(schema, SKEW, skew.thresholds, skew.thresholds)
    calibrated = {SKEW: skew}
    if previous is not None:
        drift = _calibrate_drift(profile, previous, reference, schema, settings, rate)
        calibrated[DRIFT] = drift
    drift_thresholds = calibrated[DRIFT].thresholds if previous is not None else {}
    raise_thresholds(schema, DRIFT, drift_thresholds, drift_thresholds)
    whole = [each.name for each in schema.feature if each.type == schema_pb2.INT]
    validation = validate_window(
        window_statistics(profile, reference.bins, whole),
        schema,
        reference_statistics(reference, whole),
        window_statistics(previous, reference.bins, whole) if previous is not None else None,
    )
    findings = [_tell(compared, calibrated) for compared in validation.compared]
    findings += [
        Finding(SCHEMA, name or None, None, None, None, True, _name_feature(name, sentence))
        for name, sentence in validation.anomalies
    ]
    if UNSURE in skew.thresholds:
        findings.append(_tell_unsure(profile, reference, skew))
    return findings, notes


def _calibrate_skew(
    profile: WindowProfile,
    reference: Reference,
    schema: schema_pb2.Schema,
    settings: CheckSettings,
    rate: float,
    notes: list[str],
) -> Calibrated:
    floors = floors_of(schema, SKEW)
    names = []
    for name in reference.counts:
        have = _requests_with(profile, name)
        if name not in floors:
            notes.append(
                f"the schema compares no {feature_title(name)}: its skew was not looked at"
            )
        elif have < LEAST_SHARE * profile.requests:
            notes.append(
                f"{have} of {profile.requests} requests tell {feature_title(name)}: "
                "too few to compare"
            )
        else:
            names.append(name)
    if profile.judged >= LEAST_SHARE * profile.requests:
        names.append(UNSURE)
        floors[UNSURE] = settings.share_floor
    size = min((_requests_with(profile, name) for name in names), default=0)
    if not size:
        return Calibrated({}, NullDistribution({}))
    null = calibrate_skew(reference, tuple(names), size, settings.resamples, settings.seed)
    return _raise(null, floors, rate)


def _calibrate_drift(
    profile: WindowProfile,
    previous: WindowProfile,
    reference: Reference,
    schema: schema_pb2.Schema,
    settings: CheckSettings,
    rate: float,
) -> Calibrated:
    floors = floors_of(schema, DRIFT)
    windows = (previous, profile)

    def enough(name: str) -> bool:
        return name in floors and all(
            _requests_with(each, name) >= max(LEAST_SHARE * each.requests, 1) for each in windows
        )

    names = [name for name in reference.counts if enough(name)]
    alone = [name for name in reference.bins if name not in reference.counts and enough(name)]
    measures: dict[str, NDArray[np.float64]] = {}
    if names:
        sizes = [min(_requests_with(each, name) for name in names) for each in windows]
        measures |= calibrate_drift(
            reference, tuple(names), (sizes[0], sizes[1]), settings.resamples, settings.seed
        ).measures
    for number, name in enumerate(alone, start=1):
        measures[name] = calibrate_alone(
            reference.bins[name],
            previous.counts[name],
            profile.counts[name],
            settings.resamples,
            settings.seed + number,
        )
    return _raise(NullDistribution(measures), floors, rate)


def _raise(null: NullDistribution, floors: Mapping[str, float], rate: float) -> Calibrated:
    learned = null.thresholds(rate)
    return Calibrated(
        {name: max(threshold, floors[name]) for name, threshold in learned.items()}, null
    )


def _requests_with(profile: WindowProfile, name: str) -> int:
    """Returns how many requests have a feature."""
    if name == UNSURE:
        return profile.judged
    if name in profile.numbers:
        return profile.numbers[name].values
    counts = profile.counts.get(name)
    return 0 if counts is None else min(int(counts.sum()), profile.requests)


_AGAINST = {SKEW: "the reference", DRIFT: "the window before"}


def _name_feature(name: str, sentence: str) -> str:
    return f"{feature_title(name)}: {sentence}" if name else sentence


def _tell(compared: Compared, calibrated: Mapping[str, Calibrated]) -> Finding:
    null = calibrated[compared.check].null
    alarm = compared.measured > compared.threshold
    relation = "more than" if alarm else "within"
    return Finding(
        check=compared.check,
        feature=compared.feature,
        measured=compared.measured,
        threshold=compared.threshold,
        p_value=null.p_value(compared.feature, compared.measured),
        alarm=alarm,
        message=(
            f"{feature_title(compared.feature)} lies {compared.measured:.3g} from "
            f"{_AGAINST[compared.check]}, {relation} the {compared.threshold:.3g} that clean "
            "requests reach"
        ),
    )


def _tell_unsure(profile: WindowProfile, reference: Reference, skew: Calibrated) -> Finding:
    before = float(reference.unsure.mean())
    now = profile.unsure / profile.judged
    allowed = before + skew.thresholds[UNSURE]
    alarm = now > allowed
    return Finding(
        check=CONFIDENCE,
        feature=None,
        measured=now,
        threshold=allowed,
        p_value=skew.null.p_value(UNSURE, now - before),
        alarm=alarm,
        message=(
            f"{now:.1%} of the readings are less sure than {reference.low_confidence:.2g}, "
            f"{'more than' if alarm else 'within'} the {allowed:.1%} that clean requests reach; "
            f"the reference has {before:.1%}"
        ),
    )
