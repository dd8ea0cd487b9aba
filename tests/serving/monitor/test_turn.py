"""Which windows are judged, and against what; reading and checking have tests of their own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from serving.monitor import turn
from serving.monitor.profile import Observation
from serving.monitor.reference import reference_folder
from serving.monitor.settings import CheckSettings
from serving.monitor.turn import TurnSettings, fingerprint, take_turn
from tests.serving.monitor.traffic import measured, profile, reference
from tests.serving.monitor.verdicts import DAY, verdict

NOW = DAY + timedelta(days=3)


@pytest.fixture(scope="module")
def against():
    return reference(30)


@pytest.fixture
def pushed(tmp_path, against):
    for version in ("7", "8"):
        against.save(reference_folder(tmp_path / "model" / version))
    return tmp_path / "model"


@pytest.fixture
def logs(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.tfrecord").write_bytes(b"")
    return tmp_path / "logs"


@pytest.fixture
def judged(monkeypatch, against):
    """The windows that were judged: (profile, previous); what the logs hold is `profiles`."""
    calls = []
    window = profile([measured(seed) for seed in range(3)], against)

    def observe(files, settings, beam_args, results):
        calls_of_observe.append(settings)
        return Observation(tuple(told.profiles), (), len(files), 3, {}, (), 0, 0)

    def check(seen, previous, reference, settings):
        calls.append((seen, previous))
        return verdict(version=seen.version)

    calls_of_observe = []
    monkeypatch.setattr("serving.monitor.windows.observe", observe)
    monkeypatch.setattr("serving.monitor.checks.check_window", check)
    told = type("Judged", (), {})()
    told.calls, told.observed = calls, calls_of_observe
    told.of = lambda day, **changes: replace(
        window,
        window_start=DAY + timedelta(days=day),
        window_end=DAY + timedelta(days=day + 1),
        **changes,
    )
    told.profiles = []
    return told


def settings(logs, pushed, **changes):
    return TurnSettings((logs,), pushed, **changes)


def test_each_version_is_judged_apart_and_has_its_own_window_before(judged, logs, pushed):
    a, b = judged.of(0), judged.of(1)
    c, d = judged.of(1, version=8), judged.of(2, version=8)
    judged.profiles = [a, b, c, d]
    outcome = take_turn(settings(logs, pushed), NOW)
    assert judged.calls == [(a, None), (b, a), (c, None), (d, c)]
    assert len(outcome.windows) == 4
    assert len(judged.observed) == 2  # by the reference of 8, and again by that of 7


def test_only_the_last_windows_are_judged_and_the_one_before_is_known(judged, logs, pushed):
    a, b, c = judged.of(0), judged.of(1), judged.of(2)
    judged.profiles = [a, b, c]
    take_turn(settings(logs, pushed, last=timedelta(days=1)), NOW)
    assert judged.calls == [(c, b)]


def test_other_models_are_left_out_where_one_is_named(judged, logs, pushed):
    judged.profiles = [judged.of(0), judged.of(0, model="pages")]
    outcome = take_turn(settings(logs, pushed, only="lines"), NOW)
    assert [window.profile.model for window in outcome.windows] == ["lines"]


def test_what_stands_in_for_a_reference_is_noted(judged, logs, pushed):
    judged.profiles = [judged.of(0, version=9)]
    [window] = take_turn(settings(logs, pushed), NOW).windows
    assert window.verdict.notes[0].startswith("Version 9 has no reference of its own")


def test_settings_reach_the_reader(judged, logs, pushed):
    judged.profiles = [judged.of(0)]
    checks = CheckSettings(seed=5)
    take_turn(settings(logs, pushed, span=timedelta(hours=1), checks=checks), NOW)
    assert (judged.observed[0].span_seconds, judged.observed[0].seed) == (3600, 5)
    assert judged.observed[0].now == NOW.timestamp()


def test_old_files_are_not_read(logs, pushed):
    import os

    old = logs / "old.tfrecord"
    old.write_bytes(b"")
    for path, days in ((old, 0), (logs / "a.tfrecord", 2.5)):
        seconds = (DAY + timedelta(days=days)).timestamp()
        os.utime(path, (seconds, seconds))
    files = [str(old), str(logs / "a.tfrecord"), str(logs / "gone")]
    recent = turn._recent(files, settings(logs, pushed, last=timedelta(hours=12)), NOW)
    assert recent == [str(logs / "a.tfrecord")]


def test_a_fingerprint_tells_of_requests_and_versions(logs, pushed):
    before = fingerprint(settings(logs, pushed))
    assert fingerprint(settings(logs, pushed)) == before
    (logs / "a.tfrecord").write_bytes(b"more")
    more = fingerprint(settings(logs, pushed))
    (pushed / "9").mkdir()
    assert len({before, more, fingerprint(settings(logs, pushed))}) == 3
