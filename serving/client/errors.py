"""What can go wrong with a model server, told apart by what a client can do about it."""

_SHOWN = 300  # characters of a foreign answer that an error message shows


class ServingError(Exception):
    """The server cannot be reached, refuses, or answers something else than readings."""


class NoSuchModelError(ServingError):
    """The server has no model of that name, or has not loaded it yet."""


class RefusedError(ServingError):
    """The server refuses what it was sent; other pictures may well be read."""


class BusyError(ServingError):
    """The server has too much to do or is about to stop: the same request may pass later."""


def one_line(value: object) -> str:
    """Returns a value as one line of limited length, for a message."""
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
