from serving.server.metrics import LATENCY_BUCKETS, Counter, Gauge, Histogram, exposition
from serving.server.status import Code
from serving.server.telemetry import REST, Record, Telemetry


def test_a_counter_counts_for_each_combination() -> None:
    counter = Counter(":a:b", "what it is", ["model", "status"])
    counter.add(("m", "OK"))
    counter.add(("m", "OK"), 2)
    counter.add(('q"\\\n', "OK"))
    assert counter.value("m", "OK") == 3
    assert counter.lines() == [
        ':a:b{model="m",status="OK"} 3',
        r':a:b{model="q\"\\\n",status="OK"} 1',
    ]


def test_a_histogram_counts_up_to_each_bound() -> None:
    histogram = Histogram(":h", "what it is", ["m"], [1, 10])
    for value in (0.5, 1, 2.5, 100):
        histogram.add(("x",), value)
    # 0.5 and 1 are at most 1; 2.5 at most 10; 0.5 + 1 + 2.5 + 100 = 104.
    assert histogram.lines() == [
        ':h_bucket{m="x",le="1"} 2',
        ':h_bucket{m="x",le="10"} 3',
        ':h_bucket{m="x",le="+Inf"} 4',
        ':h_sum{m="x"} 104',
        ':h_count{m="x"} 4',
    ]


def test_the_text_names_kinds_and_leaves_out_what_has_no_samples() -> None:
    counter, empty = Counter(":a", "help", []), Counter(":b", "help", [])
    counter.add(())
    assert exposition([counter, empty]) == b"# HELP :a help\n# TYPE :a counter\n:a 1\n"


def test_latencies_reach_from_10_microseconds_to_20_minutes() -> None:
    assert LATENCY_BUCKETS[0] == 10
    assert 20 < LATENCY_BUCKETS[-1] / 60e6 < 30


def test_only_what_found_a_version_becomes_a_label() -> None:
    telemetry = Telemetry()
    for name in ("made up", "and another"):
        record = Record(REST, "Predict", model=name, code=Code.NOT_FOUND)
        telemetry.close(record)
    telemetry.close(Record(REST, "Predict", model="lines", version=7))
    assert "made up" not in telemetry.text().decode()
    assert telemetry.requests.value("lines", "OK") == 1
    assert telemetry.requests_by_version.value("lines", "7", "OK") == 1


def test_each_closed_record_is_logged() -> None:
    seen: list[Record] = []
    telemetry = Telemetry(seen.append)
    record = Record(REST, "Predict", model="x", code=Code.NOT_FOUND)
    telemetry.close(record)
    assert seen == [record]
    assert record.seconds > 0


def test_a_gauge_rises_and_falls_and_need_not_be_finite() -> None:
    gauge = Gauge("g", "help", ["of"])
    for value in (5, 2.5):
        gauge.set(("a",), value)
    gauge.set(("b",), float("nan"))
    gauge.set(("c",), float("-inf"))
    assert gauge.lines() == ['g{of="a"} 2.5', 'g{of="b"} NaN', 'g{of="c"} -Inf']
    assert b"# TYPE g gauge" in exposition([gauge])
