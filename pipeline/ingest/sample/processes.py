"""Shares the writing of a sample out among processes: one for each processor.

Below `generate.py`. Whatever is written is decided by seeds, so that the number of processes shows
in the time alone.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any

_LEAST_GLYPHS = 2_000
"""For each process: as many are written in 2 s or so, in a third of which a process starts."""

Spread = Callable[..., Iterator[Any]]
"""As `map`, and as lazy: a function and its arguments, one sequence for each of them."""


@contextmanager
def share_out(glyphs: int) -> Iterator[Spread]:
    """Offers what calls a function of a module in other processes, in order, inside the block.

    Args:
      glyphs: to write in all; few of them are written in this process, and all in a notebook.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    processes = min(processors, glyphs // _LEAST_GLYPHS)
    # A notebook's main module has no `__spec__`, without which none can be told to a new process.
    if processes < 2 or not hasattr(sys.modules["__main__"], "__spec__"):
        yield map
        return
    # Started anew, for a process that runs threads, as TensorFlow's, must not be forked.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_end_with_starter)
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_starter() -> None:
    """Leaves a Ctrl-C to the starter, and lets this process not outlive it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_await_starter, daemon=True).start()


def _await_starter() -> None:
    starter = parent_process()
    if starter is not None:
        starter.join()
    os._exit(1)
