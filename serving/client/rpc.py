"""The gRPC side of the client: rows in the form of REST from the official stubs' tensors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from serving.client.errors import (
    BusyError,
    NoSuchModelError,
    RefusedError,
    ServingError,
    one_line,
)
from serving.signatures import IMAGE_BYTES, SERVING_DEFAULT

if TYPE_CHECKING:
    from serving.grpc_calls import CallError

_TOO_LARGE = "larger than max"  # of a message, which RESOURCE_EXHAUSTED does not tell from load
_ERRORS: dict[str, type[ServingError]] = {
    "INVALID_ARGUMENT": RefusedError,
    "OUT_OF_RANGE": RefusedError,
    "NOT_FOUND": NoSuchModelError,
    "RESOURCE_EXHAUSTED": BusyError,
    "UNAVAILABLE": BusyError,
}


class GrpcConnection:
    """A server's gRPC side; what `RestConnection` is for REST.

    Args:
      address: such as `127.0.0.1:8500`.
      timeout: seconds to wait for an answer.
      trusted: certificates in PEM form that the server is held against; without TLS where None.

    Raises:
      ServingError: as of `RestConnection`, or what gRPC needs is not installed.
    """

    def __init__(self, address: str, timeout: float, trusted: str | None = None) -> None:
        self.where = address
        self._timeout = timeout
        self._trusted = trusted
        self._calls = _load_calls()

    def __enter__(self) -> "GrpcConnection":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Does nothing: each call has a channel of its own, on connections that gRPC shares."""

    def outputs(self, model_name: str) -> frozenset[str]:
        """Returns the names of what the model's `serving_default` gives."""
        try:
            outputs: frozenset[str] = self._calls.read_outputs(
                self.where, model_name, SERVING_DEFAULT, self._timeout, self._trusted
            )
            return outputs
        except self._calls.CallError as error:
            raise _translated(error, self.where, model_name) from error

    def predict(self, model_name: str, images: Sequence[bytes]) -> list[dict[str, Any]]:
        """Returns what the model says of each picture, in order; see `predict_grpc`."""
        where = f"{self.where} model {model_name!r}"
        try:
            outputs = self._calls.predict(
                self.where,
                model_name,
                SERVING_DEFAULT,
                {IMAGE_BYTES: images},
                self._timeout,
                trusted=self._trusted,
            )
        except self._calls.CallError as error:
            raise _translated(error, self.where, model_name) from error
        shapes = {name: list(array.shape) for name, array in outputs.items()}
        if any(shape[:1] != [len(images)] for shape in shapes.values()):
            raise ServingError(
                f"{where}: expected outputs for {len(images)} pictures, got {shapes}"
            )
        try:
            columns = {name: _as_json(array) for name, array in outputs.items()}
        except UnicodeDecodeError as error:
            raise ServingError(f"{where}: the text is not UTF-8 ({error})") from error
        return [
            {name: column[number] for name, column in columns.items()}
            for number in range(len(images))
        ]


def predict_grpc(
    address: str, model_name: str, images: Sequence[bytes], timeout: float
) -> list[dict[str, Any]]:
    """Sends images over gRPC; returns the rows that `predict_rest` returns, and raises the same.

    Args:
      address: of the server, as `host:port`.
      model_name: under which the server offers the model.
      images: encoded PNG or JPEG files, at least one.
      timeout: seconds to wait for the answer.
    """
    with GrpcConnection(address, timeout) as connection:
        return connection.predict(model_name, images)


def _load_calls() -> Any:
    """Returns `serving.grpc_calls`, whose packages are large and may be missing.

    Raises:
      ServingError: they are.
    """
    try:
        from serving import grpc_calls, grpc_stubs

        grpc_stubs.load_stubs()
    except ImportError as error:
        raise ServingError(
            f"gRPC needs the packages tensorflow-serving-api and tensorflow ({one_line(error)}): "
            "install them, or ask over REST"
        ) from error
    return grpc_calls


def _translated(error: "CallError", address: str, model_name: str) -> ServingError:
    kind = _ERRORS.get(error.code, ServingError)
    if _TOO_LARGE in str(error):
        kind = RefusedError
    return kind(f"{address} model {model_name!r}: {one_line(error)}")


def _as_json(array: Any) -> Any:
    """Returns an array as lists of numbers and strings, as REST would give it."""
    if array.dtype.kind == "f":
        # Through the shortest text of each float32, so that both protocols give the same number.
        return array.astype(str).astype(float).tolist()
    return _decoded(array.tolist())


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return value.decode() if isinstance(value, bytes) else value
