import re
from pathlib import Path
from typing import Any

import pytest
import yaml

client = pytest.importorskip("kubernetes.client")

KINDS = {
    "Deployment": "V1Deployment",
    "HorizontalPodAutoscaler": "V2HorizontalPodAutoscaler",
    "PersistentVolumeClaim": "V1PersistentVolumeClaim",
    "PodDisruptionBudget": "V1PodDisruptionBudget",
    "Service": "V1Service",
}
NAME = {"app.kubernetes.io/name": "model-server"}


@pytest.fixture(scope="module")
def manifests(deploy: Path) -> dict[str, Any]:
    listed = yaml.safe_load((deploy / "kustomization.yaml").read_text())["resources"]
    found = [doc for name in listed for doc in yaml.safe_load_all((deploy / name).read_text())]
    assert len({doc["kind"] for doc in found}) == len(found)
    return {doc["kind"]: doc for doc in found}


def check(value: Any, kind: str, place: str) -> None:
    """Compares a value with the models that Kubernetes publishes for its API."""
    if each := re.fullmatch(r"list\[(\w+)\]", kind):
        assert isinstance(value, list), place
        for number, item in enumerate(value):
            check(item, each[1], f"{place}[{number}]")
    elif each := re.fullmatch(r"dict\(str, (\w+)\)", kind):
        for name, item in value.items():
            check(item, each[1], f"{place}.{name}")
    elif model := getattr(client, kind, None):
        keys = model.attribute_map
        assert set(value) <= set(keys.values()), f"{place}: {set(value) - set(keys.values())}"
        model(**{name: value.get(key) for name, key in keys.items()})  # raises what is required
        for name, key in keys.items():
            if key in value:
                check(value[key], model.openapi_types[name], f"{place}.{key}")
    elif kind in ("str", "int", "bool"):
        assert type(value).__name__ == kind, f"{place}: expected {kind}, got {value!r}"


@pytest.mark.parametrize("kind", KINDS)
def test_each_has_the_form_that_the_api_publishes(manifests, kind) -> None:
    check(manifests[kind], KINDS[kind], kind)


def test_the_check_finds_what_is_wrong(manifests) -> None:
    port = {"name": "grpc", "containerPort": "8500"}
    with pytest.raises(AssertionError, match="expected int"):
        check(port, "V1ContainerPort", "port")
    with pytest.raises(AssertionError, match="contanerPort"):
        check({"contanerPort": 8500}, "V1ContainerPort", "port")
    with pytest.raises(ValueError, match="must not be `None`"):
        check({"name": "grpc"}, "V1ContainerPort", "port")


def test_labels_and_selectors_agree(manifests) -> None:
    spec = manifests["Deployment"]["spec"]
    assert spec["template"]["metadata"]["labels"] == NAME
    assert spec["selector"]["matchLabels"] == NAME
    assert manifests["Service"]["spec"]["selector"] == NAME
    assert manifests["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == NAME
    target = manifests["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target["name"] == manifests["Deployment"]["metadata"]["name"]
    assert "replicas" not in spec  # the autoscaler's


def test_ports_probes_and_volumes_are_there(manifests, deploy) -> None:
    pod = manifests["Deployment"]["spec"]["template"]["spec"]
    (server,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in server["ports"]}
    flags = set(server["args"])
    assert {f"--port={ports['grpc']}", f"--rest_api_port={ports['rest']}"} <= flags
    assert {port["targetPort"] for port in manifests["Service"]["spec"]["ports"]} == set(ports)
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        (way,) = server[probe].keys() & {"httpGet", "tcpSocket"}
        assert server[probe][way]["port"] in ports
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in server["volumeMounts"]} == volumes
    claim = manifests["PersistentVolumeClaim"]["metadata"]["name"]
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim
    (config,) = yaml.safe_load((deploy / "kustomization.yaml").read_text())["configMapGenerator"]
    assert pod["volumes"][1]["configMap"]["name"] == config["name"]
    files = {f"/config/{Path(name).name}" for name in config["files"]}
    assert {flag.partition("=")[2] for flag in flags if "=/config/" in flag} == files
    assert all((deploy / name).is_file() for name in config["files"])


def test_a_pod_is_bounded_has_no_root_and_time_to_end(manifests) -> None:
    pod = manifests["Deployment"]["spec"]["template"]["spec"]
    (server,) = pod["containers"]
    assert set(server["resources"]["limits"]) == {"cpu", "memory"}
    assert pod["securityContext"]["runAsNonRoot"]
    assert server["securityContext"]["readOnlyRootFilesystem"]
    assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+", server["image"])
    waits = int(server["lifecycle"]["preStop"]["exec"]["command"][1])
    assert 0 < waits < pod["terminationGracePeriodSeconds"]


def test_kserve_serves_the_same_model(manifests, deploy) -> None:
    service = yaml.safe_load((deploy / "kubernetes/inference_service.yaml").read_text())
    assert service["apiVersion"] == "serving.kserve.io/v1beta1"
    assert service["kind"] == "InferenceService"
    model = service["spec"]["predictor"]["model"]
    assert model["modelFormat"] == {"name": "tensorflow"}
    claim = manifests["PersistentVolumeClaim"]["metadata"]["name"]
    assert model["storageUri"] == f"pvc://{claim}/{service['metadata']['name']}"
    (server,) = manifests["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert server["image"].endswith(f":{model['runtimeVersion']}")
    check(model["resources"], "V1ResourceRequirements", "resources")


def test_kustomize_puts_it_together(deploy, run_tool) -> None:
    made = list(yaml.safe_load_all(run_tool("kubectl", "kustomize", deploy)))
    (config,) = [doc for doc in made if doc["kind"] == "ConfigMap"]
    (deployment,) = [doc for doc in made if doc["kind"] == "Deployment"]
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    assert volumes[1]["configMap"]["name"] == config["metadata"]["name"]
    assert set(config["data"]) == {"models.config", "batching.config", "monitoring.config"}
