import pytest
from tfx.types import Channel, standard_artifacts

from pipeline.infra.server_choice import DOCKER, EMBEDDED, ChosenServer
from pipeline.infra_validate_stage import AskingInfraValidator


def component(server):
    return AskingInfraValidator(
        Channel(type=standard_artifacts.Model),
        Channel(type=standard_artifacts.Examples),
        "lines",
        server,
    )


@pytest.mark.parametrize("other", [ChosenServer(EMBEDDED, "2"), ChosenServer(DOCKER, "1")])
def test_another_server_is_another_component_to_the_cache(other):
    before = component(ChosenServer(EMBEDDED, "1")).exec_properties
    assert component(ChosenServer(EMBEDDED, "1")).exec_properties == before
    assert component(other).exec_properties != before


def test_the_questions_are_in_the_cache_key_too(monkeypatch):
    before = component(ChosenServer(EMBEDDED, "1")).exec_properties
    monkeypatch.setattr("pipeline.infra_validate_stage.hash_code", lambda module: f"new {module}")
    assert component(ChosenServer(EMBEDDED, "1")).exec_properties["code_version"] == (
        "new pipeline.infra.executor"
    )
    assert before["code_version"] != "new pipeline.infra.executor"
