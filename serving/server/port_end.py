"""Closes a listening port without resetting anyone who has connected.

`http_server` stops with it. A port that is closed resets whoever waits in its queue, also those who
connected between the last look into the queue and its end. So the port first ignores requests for
new connections: who asks then asks again a second later, and is refused.
"""

import contextlib
import ctypes
import logging
import socket
import sys

_log = logging.getLogger(__name__)

HANDSHAKE_SECONDS = 0.1
"""Within which a connection that has begun is there: the round trip to a distant client."""

_SO_ATTACH_FILTER = 26  # of Linux's asm-generic/socket.h
_SYN, _ACK = 0x02, 0x10
_FLAGS_OFFSET = 13  # in the header of TCP (RFC 9293), where a filter of a TCP socket begins to read


class _Instruction(ctypes.Structure):
    """One of classic BPF, Linux's `struct sock_filter`."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("operand", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    """Linux's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


_LOAD_BYTE, _AND, _JUMP_IF_EQUAL, _RETURN = 0x30, 0x54, 0x15, 0x06
_DROP, _KEEP = 0, 0xFFFFFFFF


def ignore_new_connections(listener: socket.socket) -> bool:
    """Has the kernel drop requests for new connections; those that have begun go on.

    Args:
      listener: a listening socket of TCP.

    Returns:
      Whether the kernel does; only Linux can.
    """
    if sys.platform != "linux":
        return False
    instructions = (_Instruction * 5)(
        _Instruction(_LOAD_BYTE, 0, 0, _FLAGS_OFFSET),
        _Instruction(_AND, 0, 0, _SYN | _ACK),
        _Instruction(_JUMP_IF_EQUAL, 0, 1, _SYN),
        _Instruction(_RETURN, 0, 0, _DROP),
        _Instruction(_RETURN, 0, 0, _KEEP),
    )
    program = _Program(len(instructions), instructions)
    try:
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(program))
    except OSError as error:
        _log.info("the end of the port may reset a client that connects just then: %s", error)
        return False
    return True


def accept_all(listener: socket.socket) -> list[socket.socket]:
    """Returns the connections that wait to be accepted."""
    listener.setblocking(False)
    accepted = []
    with contextlib.suppress(BlockingIOError):
        while True:
            connection, _ = listener.accept()
            connection.setblocking(False)
            accepted.append(connection)
    return accepted
