from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from serving.monitor.alerts.episodes import Episode, JudgedWindow, follow, replaced_versions
from serving.monitor.alerts.message import ALARM, RESOLVED, STILL
from serving.monitor.findings import DRIFT, EMBEDDING
from tests.serving.monitor.verdicts import DAY, alarm, finding, fine, verdict

HOUR = timedelta(hours=1)
COOL_DOWN = 6 * HOUR


def at(day, told):
    return JudgedWindow(DAY + timedelta(days=day), told)


def play(*steps):
    """Follows (hours, day, verdict) and returns the kinds that were told."""
    episode, kinds = None, []
    for hours, day, told in steps:
        episode, kind = follow(episode, at(day, told), DAY + hours * HOUR, COOL_DOWN)
        kinds.append(kind)
    return kinds


def test_first_alarm_then_the_end():
    kinds = play((18, 0, fine()), (42, 1, alarm()), (66, 2, alarm()), (90, 3, fine()))
    assert kinds == [None, ALARM, STILL, RESOLVED]


def test_within_the_cool_down_nothing_is_repeated():
    assert play((18, 0, alarm()), (19, 0, alarm()), (23.9, 0, alarm()), (24, 0, alarm())) == [
        ALARM,
        None,
        None,
        STILL,
    ]


def test_an_alarm_of_another_kind_does_not_wait():
    worse = verdict(finding(), finding(check=DRIFT), finding(check=EMBEDDING, feature=None))
    assert play((18, 0, alarm()), (19, 0, worse), (20, 0, alarm()), (21, 0, worse)) == [
        ALARM,
        STILL,
        None,
        None,
    ]


def test_the_window_with_the_alarm_cannot_resolve_it():
    assert play((9, 0, alarm()), (20, 0, fine()), (44, 0, fine())) == [ALARM, None, None]


def test_the_end_waits_for_the_cool_down_and_is_told_then():
    kinds = play((9, 0, alarm()), (10, 1, fine()), (11, 1, fine()), (15, 1, fine()))
    assert kinds == [ALARM, None, None, RESOLVED]


def test_nothing_checked_changes_nothing():
    nothing = verdict(notes=["too few requests"])
    assert play((9, 0, nothing)) == [None]
    assert play((9, 0, alarm()), (40, 1, nothing), (90, 2, fine())) == [ALARM, None, RESOLVED]


def test_older_windows_are_passed_over():
    assert play((90, 3, fine()), (91, 1, alarm())) == [None, None]


def test_a_clock_set_back_holds_nothing_up():
    assert play((90, 0, alarm()), (10, 1, alarm())) == [ALARM, STILL]


def test_a_version_that_was_replaced_is_over():
    old, _ = follow(None, at(0, alarm()), DAY, COOL_DOWN)
    new, _ = follow(None, at(1, fine(version=8)), DAY, COOL_DOWN)
    known = [(("lines", 7), old), (("lines", 8), new), (("pages", 7), old)]
    assert replaced_versions(known, DAY + HOUR, COOL_DOWN) == []  # too early
    [(who, closed, judged)] = replaced_versions(known, DAY + 7 * HOUR, COOL_DOWN)
    assert who == ("lines", 7)
    assert closed == Episode(old.window, old.last)
    assert "version 8 answers in its place" in judged.verdict.notes[0]


def test_a_version_without_an_alarm_goes_quietly():
    old, _ = follow(None, at(0, fine()), DAY, COOL_DOWN)
    new, _ = follow(None, at(1, fine(version=8)), DAY, COOL_DOWN)
    known = [(("lines", 7), old), (("lines", 8), new)]
    assert replaced_versions(known, DAY + 7 * HOUR, COOL_DOWN) == []


@given(st.lists(st.tuples(st.integers(1, 600), st.booleans(), st.booleans()), max_size=60))
def test_alerts_are_rare_and_none_goes_untold(steps):
    episode, minutes, day = None, 0, 0
    told_at, open_alarm = None, False
    for wait, next_day, is_alarm in steps:
        minutes, day = minutes + wait, day + next_day
        now = DAY + timedelta(minutes=minutes)
        told = alarm() if is_alarm else fine()
        episode, kind = follow(episode, at(day, told), now, COOL_DOWN)
        if kind in (ALARM, STILL):
            assert told_at is None or now - told_at >= COOL_DOWN
            told_at, open_alarm = now, True
        if kind == RESOLVED:
            assert open_alarm
            assert not is_alarm
            open_alarm = False
        if is_alarm:
            assert open_alarm  # whoever reads the alerts knows
