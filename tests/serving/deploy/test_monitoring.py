import json
import re

import yaml

from serving.monitor.metrics import PREFIX, MonitorMetrics
from serving.server.metrics import Counter
from serving.server.telemetry import Telemetry

# Of TensorFlow Serving, under its own names.
COUNTERS = {":tensorflow:serving:request_count"}
HISTOGRAMS = {":tensorflow:serving:request_latency", ":tensorflow:serving:runtime_latency"}
EXPOSED = COUNTERS | {
    f"{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "sum", "count")
}
LABELS = {"model_name", "status", "le", "job"}
METRIC = re.compile(r"(?<![\w$])(:[\w:]+|up)(?=[{\[ ])")


def alerts(deploy):
    (group,) = yaml.safe_load((deploy / "monitoring/alerts.yaml").read_text())["groups"]
    return group["rules"]


def dashboard(deploy):
    return json.loads((deploy / "monitoring/dashboard.json").read_text(encoding="utf-8"))


def queries(deploy):
    panels = dashboard(deploy)["panels"]
    yield from (target["expr"] for panel in panels for target in panel["targets"])
    yield from (rule["expr"] for rule in alerts(deploy))


def test_queries_ask_for_metrics_that_are_exposed(deploy) -> None:
    asked = {name for query in queries(deploy) for name in METRIC.findall(query)}
    assert len(asked) == 4
    assert asked <= EXPOSED | {"up"}


def test_queries_ask_for_labels_that_are_there(deploy) -> None:
    for query in queries(deploy):
        matched = re.findall(r"[{,]\s*(\w+)\s*[!=]", query)
        grouped = [
            name for names in re.findall(r"by \(([^)]*)\)", query) for name in names.split(", ")
        ]
        assert {*matched, *grouped} <= LABELS, query


def test_the_embedded_server_has_them_as_well() -> None:
    metrics = {getattr(metric, "name", None) for metric in vars(Telemetry()).values()}
    assert metrics >= COUNTERS | HISTOGRAMS


def drift_alerts(deploy):
    content = (deploy / "monitoring/drift_alerts.yaml").read_text(encoding="utf-8")
    (group,) = yaml.safe_load(content)["groups"]
    return group["rules"]


def test_alerts_on_drift_ask_for_what_the_monitor_exposes(deploy) -> None:
    metrics = MonitorMetrics()
    exposed = {
        metric.name: set(metric.labels)
        for metric in vars(metrics).values()
        if isinstance(metric, Counter)
    }
    for rule in drift_alerts(deploy):
        asked = set(re.findall(rf"{PREFIX}\w+", rule["expr"]))
        assert asked
        assert asked <= set(exposed)
        labels = set().union(*(exposed[name] for name in asked), {"job", "instance"})
        for names in re.findall(r"(?:by|on) \(([^)]*)\)", rule["expr"]):
            assert set(names.split(", ")) <= labels, rule["expr"]
        told = re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))
        assert set(told) <= labels


def test_alerts_say_what_and_what_to_do(deploy) -> None:
    for rule in (*alerts(deploy), *drift_alerts(deploy)):
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "action"}
        assert re.fullmatch(r"\d+m", rule["for"])


def test_the_dashboard_is_on_the_data_source_that_is_provisioned(deploy) -> None:
    (source,) = yaml.safe_load((deploy / "monitoring/grafana.yaml").read_text())["datasources"]
    panels = dashboard(deploy)["panels"]
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len({panel["id"] for panel in panels}) == len(panels)


def test_prometheus_takes_its_files(deploy, run_tool) -> None:
    run_tool("promtool", "check", "config", deploy / "monitoring/prometheus.yaml")


def test_alerts_sound_when_they_should(deploy, run_tool) -> None:
    run_tool("promtool", "test", "rules", deploy / "monitoring/alerts_test.yaml")


def test_alerts_on_drift_sound_when_they_should(deploy, run_tool) -> None:
    run_tool("promtool", "test", "rules", deploy / "monitoring/drift_alerts_test.yaml")
