import re

import pytest
import yaml


@pytest.fixture
def compose(deploy):
    return yaml.safe_load((deploy / "compose.yaml").read_text(encoding="utf-8"))


def test_every_image_is_pinned(compose) -> None:
    for service in compose["services"].values():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", service["image"])


def test_every_service_is_bounded_and_has_a_health(compose) -> None:
    for service in compose["services"].values():
        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["cap_drop"] == ["ALL"]
        assert service["mem_limit"]


def test_ports_are_on_loopback_and_not_taken_twice(compose) -> None:
    ports = [port for service in compose["services"].values() for port in service["ports"]]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len(set(ports)) == len(ports)


def test_what_is_mounted_is_there(compose, deploy) -> None:
    for service in compose["services"].values():
        for volume in service["volumes"]:
            source = volume.rsplit(":/", 1)[0]
            if source.startswith("./"):
                assert (deploy / source).exists(), source
                assert volume.endswith(":ro")
            else:
                assert source.startswith("${PUSHED:?") or source in compose["volumes"]


def test_services_find_each_other(compose, deploy) -> None:
    scrape = yaml.safe_load((deploy / "monitoring/prometheus.yaml").read_text())
    source = yaml.safe_load((deploy / "monitoring/grafana.yaml").read_text())
    addresses = scrape["scrape_configs"][0]["static_configs"][0]["targets"]
    addresses.append(source["datasources"][0]["url"].removeprefix("http://"))
    for address in addresses:
        name, port = address.split(":")
        assert any(each.endswith(f":{port}") for each in compose["services"][name]["ports"])
    for service in compose["services"].values():
        assert set(service.get("depends_on", {})) <= set(compose["services"])


def test_compose_takes_it(deploy, run_tool) -> None:
    environment = {"PUSHED": "/models/lines", "GRAFANA_PASSWORD": "secret"}
    run_tool("docker-compose", "-f", deploy / "compose.yaml", "config", "--quiet", **environment)
