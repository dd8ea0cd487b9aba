import dataclasses
import functools

import numpy as np
import pytest

from schema import features, request_features
from schema.errors import InputError
from serving.monitor.checks import check_window
from serving.monitor.findings import (
    CONFIDENCE,
    DRIFT,
    EMBEDDING,
    ERROR_RATE,
    SCHEMA,
    SKEW,
)
from serving.monitor.settings import CheckSettings
from tests.serving.monitor.clean import draw_values, make_profile, make_reference

SETTINGS = CheckSettings(resamples=1000, permutations=400)


@pytest.fixture(scope="module")
def reference():
    return make_reference()


def alarms(verdict):
    return {(each.check, each.feature) for each in verdict.findings if each.alarm}


def without(name):
    def draw(chance):
        return {key: value for key, value in draw_values(chance).items() if key != name}

    return draw


@pytest.mark.slow
def test_clean_windows_raise_no_more_alarms_than_were_asked_for(reference):
    settings = dataclasses.replace(SETTINGS, false_alarm_rate=0.1)
    raised = 0
    for seed in range(100):
        before, now = (make_profile(reference, 300, 10 * seed + each) for each in (1, 2))
        raised += check_window(now, before, reference, settings).alarm
    assert raised <= 18  # 10 expected at most; 18 has a chance of 1 %


def test_all_is_told_of_a_clean_window(reference):
    chance = np.random.default_rng(5)
    profile = make_profile(
        reference,
        300,
        1,
        embeddings=chance.normal(size=(60, 4)).astype(np.float32),
        edits=np.ones(30, np.int64),
        characters=np.full(30, 5),
    )
    verdict = check_window(profile, make_profile(reference, 250, 2), reference, SETTINGS)
    assert not verdict.alarm
    assert verdict.notes == ()
    assert {each.check for each in verdict.findings} == {
        *(SKEW, DRIFT, EMBEDDING, CONFIDENCE, ERROR_RATE)
    }
    told = {each.feature for each in verdict.findings if each.check == DRIFT}
    assert told == set(reference.bins) - {request_features.LATENCY_MS}
    assert all(0 < each.p_value <= 1 for each in verdict.findings)


def test_a_change_is_found_in_what_it_changes(reference):
    blurred = make_profile(reference, 300, 1, functools.partial(draw_values, blur=0.8))
    verdict = check_window(blurred, make_profile(reference, 300, 2), reference, SETTINGS)
    assert alarms(verdict) == {(SKEW, features.SHARPNESS), (DRIFT, features.SHARPNESS)}
    assert verdict.findings[0].alarm
    assert "sharpness lies 0." in verdict.findings[0].message
    assert "more than the" in verdict.findings[0].message


def test_what_stays_changed_is_skewed_and_no_longer_drifts(reference):
    changed = functools.partial(draw_values, blur=0.8)
    now, before = (make_profile(reference, 300, seed, changed) for seed in (1, 2))
    verdict = check_window(now, before, reference, SETTINGS)
    assert alarms(verdict) == {(SKEW, features.SHARPNESS)}


def test_less_sure_readings_are_found(reference):
    unsure = make_profile(reference, 300, 1, functools.partial(draw_values, sure=2.0))
    found = alarms(check_window(unsure, None, reference, SETTINGS))
    assert (CONFIDENCE, None) in found
    assert (SKEW, request_features.CONFIDENCE) in found


def test_another_format_drifts(reference):
    jpegs = make_profile(reference, 300, 1, functools.partial(draw_values, format_="jpeg"))
    verdict = check_window(jpegs, make_profile(reference, 300, 2), reference, SETTINGS)
    assert alarms(verdict) == {(DRIFT, request_features.IMAGE_FORMAT)}


def test_other_pictures_are_found_by_their_features(reference):
    vectors = np.random.default_rng(0).normal(1.0, size=(60, 4)).astype(np.float32)
    profile = make_profile(reference, 300, 1, embeddings=vectors)
    assert alarms(check_window(profile, None, reference, SETTINGS)) == {(EMBEDDING, None)}


def test_more_errors_are_found(reference):
    labels = {"edits": np.full(40, 3), "characters": np.full(40, 5)}
    profile = make_profile(reference, 300, 1, **labels)
    verdict = check_window(profile, None, reference, SETTINGS)
    assert alarms(verdict) == {(ERROR_RATE, None)}
    [finding] = [each for each in verdict.findings if each.check == ERROR_RATE]
    assert "is 60.00%, more than" in finding.message


def test_what_the_schema_does_not_allow_is_found(reference):
    def draw(chance):
        return draw_values(chance) | {features.INK_RATIO: 0.9}

    found = check_window(make_profile(reference, 300, 1, draw), None, reference, SETTINGS).findings
    assert any(
        each.check == SCHEMA and each.feature == features.INK_RATIO and each.alarm for each in found
    )


def test_a_schema_that_lost_a_feature_is_said(reference):
    kept = reference.schema.replace('name: "sharpness"', 'name: "lost"')
    poor = dataclasses.replace(reference, schema=kept)
    verdict = check_window(make_profile(poor, 300, 1), None, poor, SETTINGS)
    assert "the schema compares no sharpness: its skew was not looked at" in verdict.notes
    told = [each.message for each in verdict.findings if each.check == SCHEMA]
    assert any("sharpness: New column" in message for message in told)
    assert any("lost" in message for message in told)


def test_a_damaged_schema_is_named(reference):
    odd = dataclasses.replace(reference, schema="feature {")
    with pytest.raises(InputError, match="expected a TFDV schema"):
        check_window(make_profile(reference, 300, 1), None, odd, SETTINGS)


def test_the_schema_floors_of_a_feature_can_be_raised(reference):
    floors = reference.schema.replace("threshold: 0.01", "threshold: 0.9")
    deaf = dataclasses.replace(reference, schema=floors)
    blurred = make_profile(reference, 300, 1, functools.partial(draw_values, blur=0.8))
    assert not check_window(blurred, None, deaf, SETTINGS).alarm


def test_a_feature_that_most_requests_lack_is_said(reference):
    profile = make_profile(reference, 300, 1, without(request_features.CONFIDENCE))
    verdict = check_window(profile, None, reference, SETTINGS)
    assert "0 of 300 requests tell confidence: too few to compare" in verdict.notes
    assert (SCHEMA, request_features.CONFIDENCE) in alarms(verdict)


def test_few_requests_are_not_judged(reference):
    verdict = check_window(make_profile(reference, 49, 1), None, reference, SETTINGS)
    assert verdict.findings == ()
    assert verdict.notes == ("expected at least 50 requests to judge a window by, got 49",)


def test_few_requests_before_leave_drift_out(reference):
    verdict = check_window(
        make_profile(reference, 300, 1), make_profile(reference, 9, 2), reference, SETTINGS
    )
    assert "the window before has 9 requests: too few to look at drift" in verdict.notes
    assert not any(each.check == DRIFT for each in verdict.findings)


@pytest.mark.parametrize("rate", [0.0, 0.5, -1.0])
def test_rates_out_of_range_are_refused(rate):
    with pytest.raises(InputError, match="expected a false-alarm rate above 0"):
        CheckSettings(false_alarm_rate=rate)
