"""A measured request -> a `tf.train.Example`, with the keys of `schema.request_features`."""

from typing import Any

from schema import features, request_features
from serving.grpc_stubs import load_example
from serving.monitor.logged_request import MeasuredRequest

REQUEST_SOURCE = "requests"
"""The `SOURCE` of examples that are requests."""


def example_of(measured: MeasuredRequest, with_image: bool) -> Any:
    """Makes the example.

    Args:
      measured: the request.
      with_image: whether the picture goes in; else `IMAGE` is empty.
    """
    request = measured.request
    values: dict[str, float | str | bytes | tuple[str, ...] | None] = {
        **measured.values,
        features.SOURCE: REQUEST_SOURCE,
        features.IMAGE: request.image if with_image else b"",
        request_features.RECORD: str(request.record),
        request_features.MODEL: request.model,
        request_features.MODEL_VERSION: request.version,
        request_features.TIMESTAMP: request.timestamp,
        request_features.READING: request.reading,
    }
    example = load_example()()
    for name, value in values.items():
        if value is not None:
            _fill(example.features.feature[name], value)
    return example


def _fill(feature: Any, value: float | str | bytes | tuple[str, ...]) -> None:
    if isinstance(value, tuple):
        feature.bytes_list.value.extend(each.encode() for each in value)
    elif isinstance(value, bytes):
        feature.bytes_list.value.append(value)
    elif isinstance(value, str):
        feature.bytes_list.value.append(value.encode())
    elif isinstance(value, int):
        feature.int64_list.value.append(value)
    else:
        feature.float_list.value.append(value)
