import re
from datetime import timedelta

from serving.monitor.alerts.ledger import Mailbox
from serving.monitor.metrics import MonitorMetrics
from tests.serving.monitor.outcomes import outcome, window
from tests.serving.monitor.verdicts import DAY, alarm, finding, fine, verdict

WHO = 'model="lines",version="7"'


def lines(metrics):
    return metrics.text().decode().splitlines()


def test_a_turn_is_told():
    metrics = MonitorMetrics()
    metrics.take_turn(outcome(window(alarm())), {"mail kim": Mailbox(delivered=2, failed=1)})
    told = lines(metrics)
    assert f"handwriting_monitor_alarm{{{WHO}}} 1" in told
    assert f"handwriting_monitor_requests{{{WHO}}} 500" in told
    skew = f'{WHO},check="skew",feature="brightness_mean"'
    assert f"handwriting_monitor_measured{{{skew}}} 0.31" in told
    assert f"handwriting_monitor_threshold{{{skew}}} 0.05" in told
    assert f"handwriting_monitor_finding_alarm{{{skew}}} 1" in told
    assert 'handwriting_monitor_alerts_waiting{receiver="mail kim"} 0' in told
    assert 'handwriting_monitor_alerts_delivered_total{receiver="mail kim"} 2' in told
    assert 'handwriting_monitor_turns_total{outcome="drift"} 1' in told
    assert 'handwriting_monitor_turns_total{outcome="trouble"} 0' in told


def test_the_newest_window_that_was_checked_is_told_of():
    metrics = MonitorMetrics()
    metrics.take_turn(
        outcome(window(alarm()), window(fine(day=1)), window(verdict(day=2, notes=["few"]))), {}
    )
    assert f"handwriting_monitor_alarm{{{WHO}}} 0" in lines(metrics)
    start = (DAY + timedelta(days=1)).timestamp()
    assert f"handwriting_monitor_window_start_timestamp_seconds{{{WHO}}} {start:.0f}" in lines(
        metrics
    )


def test_what_is_gone_is_not_told_any_more():
    metrics = MonitorMetrics()
    metrics.take_turn(outcome(window(alarm(version=6))), {})
    metrics.take_turn(outcome(window(fine())), {})
    assert 'version="6"' not in metrics.text().decode()
    assert 'handwriting_monitor_turns_total{outcome="drift"} 1' in lines(metrics)


def test_trouble_does_not_count_as_a_good_turn():
    metrics = MonitorMetrics()
    metrics.take_turn(outcome(window(fine())), {})
    metrics.take_turn(outcome(window(fine()), troubles=["a disk"], hours=1), {})
    times = dict(re.findall(r"(last\w*)_timestamp_seconds (\d+)", metrics.text().decode()))
    assert int(times["last_turn"]) - int(times["last_good_turn"]) == 3600


def test_of_several_findings_of_one_name_an_alarm_wins():
    metrics = MonitorMetrics()
    metrics.take_turn(outcome(window(verdict(finding(), finding(alarm=False)))), {})
    skew = f'{WHO},check="skew",feature="brightness_mean"'
    assert f"handwriting_monitor_finding_alarm{{{skew}}} 1" in lines(metrics)


def test_each_line_is_one_that_prometheus_takes():
    metrics = MonitorMetrics()
    metrics.take_turn(outcome(window(alarm(model='a"\n\\b', version=None))), {})
    sample = re.compile(r'\w+(\{(\w+="([^"\\\n]|\\.)*",?)*\})? (-?[\d.e+-]+|NaN|[+-]Inf)')
    for line in lines(metrics):
        assert line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line), line
