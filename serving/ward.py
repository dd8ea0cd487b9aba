"""Runs a command for as long as whoever started it lives: `python -m serving.ward COMMAND ...`.

`pipeline.server_process` starts model servers through it. The starter holds the other end of
standard input: it closes when the starter closes it, ends or is killed, and then the command is
stopped. No other way survives a `kill -9` of the starter on every system.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

GRACE_SECONDS = 3.0
"""How long the command has for ending by itself before it is killed."""

_SIGNALLED = 128
"""Exit status from which on a shell, and this module, tell of the signal that ended a command."""


def main(command: Sequence[str]) -> int:
    """Runs the command; returns its exit status, 128 + n where signal n ended it."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    threading.Thread(target=_stop_at_end_of_input, args=(child,), daemon=True).start()
    status = child.wait()
    return status if status >= 0 else _SIGNALLED - status


def describe_status(status: int) -> str:
    """Returns what an exit status of `main` tells of the command, as in "was killed by SIGSEGV"."""
    number = -status if status < 0 else status - _SIGNALLED
    if number > 0 and number in set(signal.Signals):
        return f"was killed by {signal.Signals(number).name}"
    return f"ended with status {status}"


def _stop_at_end_of_input(child: subprocess.Popen[bytes]) -> None:
    # Unbuffered: a thread inside a buffered read makes the interpreter abort at its end.
    while os.read(sys.stdin.fileno(), 1):
        pass
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
