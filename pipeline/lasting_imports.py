"""Spares Python's garbage collector what imports bring in and what stays to the end of a run.

`pipeline.command` imports TensorFlow and TFX inside: more than a million objects, hardly one of
which is ever garbage. Each full collection afterwards would look at all of them.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting_imports() -> Iterator[None]:
    """Collects no garbage inside, and never again looks at what is there at the end."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if collects:
            gc.enable()
