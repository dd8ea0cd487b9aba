import pytest

from serving.server.health import Health, Serving
from serving.server.status import Code, ServableError


class Waiting:
    """Stands in for the models: these do not serve yet."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)

    def unavailable(self) -> list[str]:
        return self.names


def test_it_is_ready_once_every_model_serves() -> None:
    models = Waiting("b", "a")
    health = Health(models)
    assert health.why_not_ready() == "no version serves of a, b"
    assert health.check("") == Serving.NOT_SERVING
    models.names.clear()
    assert health.why_not_ready() == ""
    assert health.check("tensorflow.serving.PredictionService") == Serving.SERVING


def test_it_is_not_ready_once_it_stops() -> None:
    health = Health(Waiting())
    health.drain()
    assert health.draining
    assert health.why_not_ready() == "the server is stopping"
    assert health.check("") == Serving.NOT_SERVING


def test_there_are_no_other_services() -> None:
    with pytest.raises(ServableError, match="unknown service 'x'") as caught:
        Health(Waiting()).check("x")
    assert caught.value.code == Code.NOT_FOUND
