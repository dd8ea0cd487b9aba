"""The messages of TensorFlow Serving that no Python package ships, made when they are asked for.

`tensorflow-serving-api` leaves out the configuration of batching, monitoring and TLS; the health
check of gRPC is a package of its own. Their public definitions are repeated here as tables, so
that text files and clients written for the real server are understood. No TensorFlow.
"""

import functools
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

_Kind = descriptor_pb2.FieldDescriptorProto
_BOOL, _STRING, _INT64, _INT32 = (
    _Kind.TYPE_BOOL,
    _Kind.TYPE_STRING,
    _Kind.TYPE_INT64,
    _Kind.TYPE_INT32,
)
_WRAPPED_INT = ".google.protobuf.Int64Value"
_WRAPPED_TEXT = ".google.protobuf.StringValue"
_SERVING = "tensorflow.serving"
_HEALTH = "grpc.health.v1"

_Field = tuple[str, int, int | str, bool]
"""Name, number, scalar type or full name of a message, repeated."""

_MESSAGES: dict[tuple[str, str], list[_Field]] = {
    (_SERVING, "BatchingParameters"): [
        ("max_batch_size", 1, _WRAPPED_INT, False),
        ("batch_timeout_micros", 2, _WRAPPED_INT, False),
        ("max_enqueued_batches", 3, _WRAPPED_INT, False),
        ("num_batch_threads", 4, _WRAPPED_INT, False),
        ("thread_pool_name", 5, _WRAPPED_TEXT, False),
        ("allowed_batch_sizes", 6, _INT64, True),
        ("pad_variable_length_inputs", 7, _BOOL, False),
    ],
    (_SERVING, "PrometheusConfig"): [("enable", 1, _BOOL, False), ("path", 2, _STRING, False)],
    (_SERVING, "MonitoringConfig"): [
        ("prometheus_config", 1, f".{_SERVING}.PrometheusConfig", False)
    ],
    (_SERVING, "SSLConfig"): [
        ("server_key", 1, _STRING, False),
        ("server_cert", 2, _STRING, False),
        ("custom_ca", 3, _STRING, False),
        ("client_verify", 4, _BOOL, False),
    ],
    (_HEALTH, "HealthCheckRequest"): [("service", 1, _STRING, False)],
    # The status is an enumeration, which looks like an int32 on the wire.
    (_HEALTH, "HealthCheckResponse"): [("status", 1, _INT32, False)],
}


def message_class(name: str) -> Any:
    """Returns a class of messages by its short name, such as `BatchingParameters`."""
    return _classes()[name]


@functools.cache
def _classes() -> dict[str, Any]:
    # A pool of its own: another package of the process may define the same names.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    for package in (_SERVING, _HEALTH):
        pool.AddSerializedFile(_file(package).SerializeToString())
    return {
        name: _make_class(pool, pool.FindMessageTypeByName(f"{package}.{name}"))
        for package, name in _MESSAGES
    }


def _make_class(pool: Any, descriptor: Any) -> Any:
    if hasattr(message_factory, "GetMessageClass"):  # protobuf 4.22 and later
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


def _file(package: str) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto", package=package, syntax="proto3"
    )
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    for (of_package, name), fields in _MESSAGES.items():
        if of_package == package:
            message = file.message_type.add(name=name)
            for field in fields:
                _add_field(message, *field)
    return file


def _add_field(message: Any, name: str, number: int, kind: int | str, repeated: bool) -> None:
    field = message.field.add(
        name=name,
        number=number,
        label=_Kind.LABEL_REPEATED if repeated else _Kind.LABEL_OPTIONAL,
    )
    if isinstance(kind, str):
        field.type, field.type_name = _Kind.TYPE_MESSAGE, kind
    else:
        field.type = kind
