import json
import re
import signal
import threading
from datetime import timedelta

import httpx
import pytest

from schema.errors import InputError
from serving.monitor import check_command
from serving.monitor.__main__ import main
from serving.monitor.alerts.ledger import load_ledger
from serving.monitor.alerts.teller import Alerting
from serving.monitor.check_command import Monitor, watch
from serving.monitor.metrics_server import serve_metrics
from serving.monitor.turn import TurnSettings
from tests.serving.monitor.outcomes import outcome, window
from tests.serving.monitor.verdicts import alarm, fine, verdict


@pytest.fixture
def turns(monkeypatch):
    """What turns come to, one after the other: outcomes, or errors to raise; the last one stays."""
    waiting = []

    def take(settings):
        took.append(settings)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(found, Exception):
            raise found
        return found

    took = []
    monkeypatch.setattr(check_command, "take_turn", take)
    monkeypatch.setattr(check_command, "fingerprint", lambda settings: (("log", len(took), 0),))
    waiting_and_took = type("Turns", (), {"next": waiting, "took": took})
    return waiting_and_took()


@pytest.fixture
def check(tmp_path, capsys):
    def run(*options):
        arguments = ["check", "logs", "--model", "m", "--output", str(tmp_path / "out"), *options]
        status = main(arguments)
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("verdicts", "status"), [([fine()], 0), ([fine(), alarm(day=1)], 1), ([verdict()], 2)]
)
def test_the_exit_status_says_it(turns, check, verdicts, status):
    turns.next.append(outcome(*map(window, verdicts)))
    assert check()[0] == status


def test_words_are_printed(turns, check, tmp_path):
    turns.next.append(outcome(window(fine()), window(alarm(day=1, notes=["it is late"]))))
    _, printed, errors = check()
    first, second, finding, note, report = printed.splitlines()
    assert first.startswith("fine: lines, version 7: what comes in is what the model learned, 2026")
    assert second.startswith("drift: lines, version 7: what comes in has changed (mean brightness)")
    assert finding == "  mean brightness: brightness_mean is far off."
    assert note == "  note: it is late"
    assert report == f"report: {tmp_path / 'out' / 'report-20261128T0000.html'}"
    assert errors == ""


def test_files_are_written(turns, check, tmp_path):
    turns.next.append(outcome(window(alarm())))
    status, printed, _ = check("--json", "--metrics-file", str(tmp_path / "m" / "x.prom"))
    assert status == 1
    [line] = printed.splitlines()
    told = json.loads(line)
    assert told == json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert [message["event"] for message in told["messages"]] == ["alarm"]
    assert (tmp_path / "out" / "report.html").read_text().startswith("<!doctype html>")
    assert 'alarm{model="lines",version="7"} 1' in (tmp_path / "m" / "x.prom").read_text()
    assert load_ledger(tmp_path / "out" / "state.json").episodes


def test_a_webhook_is_told_where_the_report_is(turns, check, hook, tmp_path):
    turns.next.append(outcome(window(alarm())))
    (tmp_path / "address").write_text(f"{hook.url}\n")
    check("--webhook", f"@{tmp_path / 'address'}", "--report-url", "https://host/monitor/")
    assert hook.bodies[0]["report"] == "https://host/monitor/report-20261127T0000.html"


def test_a_dead_receiver_is_trouble_and_told(turns, check, hook, monkeypatch):
    monkeypatch.setattr("serving.monitor.alerts.outbox.time.sleep", lambda seconds: None)
    turns.next.append(outcome(window(alarm())))
    hook.statuses = [500] * 3
    status, printed, errors = check("--webhook", hook.url)
    assert status == 2
    assert printed.startswith("drift: ")
    assert re.fullmatch(r"monitor: 1 alert\(s\) not taken by webhook .*500.*\n", errors)
    assert check("--webhook", hook.url)[0] == 1  # the next check delivers it
    assert [body["event"] for body in hook.bodies] == ["alarm"]


def test_bad_data_is_told_in_one_line(turns, check, tmp_path):
    turns.next.append(InputError("expected logs, got none"))
    status, printed, errors = check("--metrics-file", str(tmp_path / "x.prom"))
    assert (status, printed, errors) == (2, "", "monitor: expected logs, got none\n")
    assert 'turns_total{outcome="trouble"} 1' in (tmp_path / "x.prom").read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--webhook", "nowhere"], "expected the address of a webhook"),
        (["--webhook", "@/nowhere"], "expected a file with an address"),
        (["--webhook", "http://h/", "--webhook", "http://h/"], "each receiver once"),
        (["--smtp", "smtp://host"], "got no --mail-from and --mail-to"),
        (["--mail-to", "a@b"], "got no --smtp and --mail-from"),
        (["--false-alarms", "2"], "expected a false-alarm rate"),
        (["--metrics-port", "0"], "add --watch"),
    ],
)
def test_bad_usage_is_told_in_one_line(turns, check, options, told):
    status, _, errors = check(*options)
    assert status == 2
    assert told in errors
    assert errors.count("\n") == 1
    assert turns.took == []


@pytest.mark.parametrize("options", [["--window", "week"], ["--unheard"], ["--interval", "0s"]])
def test_bad_options_are_told_in_one_line(check, options, capsys):
    with pytest.raises(SystemExit) as raised:
        check(*options)
    assert raised.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_options_reach_the_turn(turns, check):
    turns.next.append(outcome(window(fine())))
    check("--window", "1h", "--last", "2d", "--false-alarms", "0.05", "--seed", "3")
    [settings] = turns.took
    assert (settings.span, settings.last) == (timedelta(hours=1), timedelta(days=2))
    assert (settings.checks.false_alarm_rate, settings.checks.seed) == (0.05, 3)


def test_an_output_that_cannot_be_written_is_told(turns, check, tmp_path):
    (tmp_path / "out").write_text("")
    turns.next.append(outcome(window(fine())))
    status, _, errors = check()
    assert status == 2
    assert "expected a place to keep the monitor's state" in errors


def test_alerts_go_out_where_no_report_can_be_written(turns, check, hook, tmp_path):
    turns.next.append(outcome(window(alarm())))
    (tmp_path / "out" / "report.html").mkdir(parents=True)
    status, _, errors = check("--webhook", hook.url)
    assert status == 2
    assert "expected a place to write to" in errors
    assert [(body["event"], body["report"]) for body in hook.bodies] == [("alarm", None)]


def test_a_turn_that_fails_delivers_what_waits(turns, check, hook, monkeypatch):
    monkeypatch.setattr("serving.monitor.alerts.outbox.time.sleep", lambda seconds: None)
    turns.next += [outcome(window(alarm())), InputError("expected logs")]
    hook.statuses = [500] * 3
    for _ in range(2):
        assert check("--webhook", hook.url)[0] == 2
    assert [body["event"] for body in hook.bodies] == ["alarm"]


def test_a_watch_outlives_whatever_goes_wrong(turns, tmp_path, capsys):
    stop = threading.Event()
    turns.next += [
        InputError("expected logs"),
        RuntimeError("a worker died"),
        outcome(window(alarm())),
    ]
    monitor = Monitor(
        TurnSettings((tmp_path,)), Alerting([], tmp_path / "state.json", pauses=()), tmp_path
    )
    thread = threading.Thread(target=watch, args=(monitor, 0.01, stop))
    thread.start()
    try:
        for _ in range(500):
            if b'outcome="drift"} 2' in monitor.exposed:
                break
            stop.wait(0.02)
    finally:
        stop.set()
        thread.join()
    told = monitor.exposed.decode()
    assert 'turns_total{outcome="trouble"} 2' in told
    assert "the turn failed (RuntimeError: a worker died)" in capsys.readouterr().err


def test_logs_that_have_not_changed_are_not_read_again(turns, tmp_path, monkeypatch, capsys):
    turns.next.append(outcome(window(fine())))
    seen = []
    monkeypatch.setattr(check_command, "fingerprint", lambda settings: tuple(seen))
    monitor = Monitor(TurnSettings((tmp_path,)), Alerting([], tmp_path / "state.json"), tmp_path)
    for change in (False, False, True, False):
        seen += [("log", 1, 1)] * change
        assert monitor.turn() == 0
    assert len(turns.took) == 2
    assert capsys.readouterr().out.count("report: ") == 2
    assert monitor.metrics.turns.value("fine") == 4


def test_a_watch_ends_with_sigterm(turns, check, monkeypatch):
    turns.next.append(outcome(window(fine())))
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    asked = []

    def ask(monitor, seconds, stop):
        asked.append(seconds)
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()

    monkeypatch.setattr(check_command, "watch", ask)
    try:
        assert check("--watch", "--interval", "90s", "--metrics-port", "0")[0] == 0
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, handler)
    assert asked == [90.0]


def test_metrics_are_served():
    with serve_metrics("127.0.0.1", 0, lambda: b"a 1\n") as url:
        answer = httpx.get(url, trust_env=False)
        assert answer.text == "a 1\n"
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert httpx.get(url.replace("metrics", "else"), trust_env=False).status_code == 404
        port = int(url.split(":")[2].split("/")[0])
        with (
            pytest.raises(InputError, match="--metrics-port"),
            serve_metrics("127.0.0.1", port, bytes),
        ):
            pass


def test_receivers_can_be_tried(hook, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("serving.monitor.alerts.outbox.time.sleep", lambda seconds: None)
    command = ["test-alert", "--output", str(tmp_path), "--webhook", hook.url]
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("taken by webhook 127.0.0.1")
    hook.statuses = [404] * 3
    assert main(command) == 2
    assert "404" in capsys.readouterr().err
    assert main(command[:3]) == 2
    assert "expected whom to tell" in capsys.readouterr().err
