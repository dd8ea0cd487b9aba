import pytest

from serving.server.runtime_protos import message_class


def test_health_messages_have_the_public_wire_form() -> None:
    request = message_class("HealthCheckRequest")(service="a")
    assert request.SerializeToString() == b"\x0a\x01a"
    assert message_class("HealthCheckResponse")(status=1).SerializeToString() == b"\x08\x01"


def test_numbers_that_are_not_given_differ_from_zero() -> None:
    parameters = message_class("BatchingParameters")()
    assert not parameters.HasField("max_batch_size")
    parameters.max_batch_size.value = 0
    assert parameters.HasField("max_batch_size")


@pytest.mark.parametrize("name", ["MonitoringConfig", "SSLConfig", "BatchingParameters"])
def test_classes_are_made_once(name: str) -> None:
    assert message_class(name) is message_class(name)
    assert message_class(name).DESCRIPTOR.full_name == f"tensorflow.serving.{name}"
