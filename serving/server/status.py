"""How a request ends: the canonical status codes, and the error that carries one.

Raised by whatever answers a request, translated by `grpc_service` and `rest_api`. No TensorFlow.
"""

import enum


class Code(enum.IntEnum):
    """The canonical status codes that gRPC and TensorFlow share, by name and number."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class ServableError(Exception):
    """A request that the server refuses or a model call that failed.

    Args:
      code: the canonical status; each protocol translates it.
      message: what the client gets to read.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
