import pytest

from serving.client.errors import NoSuchModelError, ServingError
from serving.client.rest import RestConnection
from serving.client.rpc import GrpcConnection
from serving.client.served_model import ServedModel, find_model
from serving.server.model_server import ModelServer

LINE = {"text", "confidence", "character_confidences"}
PAGE = {"boxes", "texts", "confidences", "count"}


class Offers:
    """A server that offers models with outputs by name."""

    where = "here"

    def __init__(self, **models: set[str]) -> None:
        self.models = models

    def outputs(self, model_name: str) -> frozenset[str]:
        if model_name not in self.models:
            raise NoSuchModelError(f"no {model_name}")
        return frozenset(self.models[model_name])


def test_pages_come_before_lines() -> None:
    assert find_model(Offers(lines=LINE, pages=PAGE)) == ServedModel("pages", "texts")
    assert find_model(Offers(lines=LINE)) == ServedModel("lines", "text")
    assert find_model(Offers(default=LINE)) == ServedModel("default", "text")


def test_a_name_is_taken_as_it_is() -> None:
    offers = Offers(lines=LINE, pages=PAGE, mine={"character", "confidence"})
    assert find_model(offers, "mine") == ServedModel("mine", "character")
    with pytest.raises(NoSuchModelError, match="no other"):
        find_model(offers, "other")


def test_none_of_the_usual_names_is_told_with_the_remedy() -> None:
    with pytest.raises(ServingError, match=r"^here: expected .* under one of the names pages"):
        find_model(Offers(mine=LINE))


@pytest.mark.parametrize("outputs", [set(), {"boxes", "scores", "count"}, {"text"}])
def test_a_model_that_does_not_read_is_refused(outputs: set[str]) -> None:
    with pytest.raises(ServingError, match=r"^here 'm': expected a model that reads"):
        find_model(Offers(m=outputs), "m")


def test_both_protocols_tell_the_metadata(server: ModelServer, page_server: ModelServer) -> None:
    with (
        RestConnection(server.rest_url, 10) as rest,
        GrpcConnection(server.grpc_address, 10) as rpc,
    ):
        assert find_model(rest) == find_model(rpc) == ServedModel("lines", "text")
    with RestConnection(page_server.rest_url, 10) as rest:
        assert find_model(rest) == ServedModel("pages", "texts")
