"""Frees the memory of a version that is no longer served; `versions` and `loading` call it."""

import gc
from typing import Any


def discard(servable: Any) -> None:
    """Closes a servable, and has Python look for what it leaves in circles.

    Graph and session refer to each other through objects too few to make Python look by itself:
    without this each change of version would keep some megabytes. It takes a second in a process
    with much else in memory; one that ends soon after a model is used just closes it.
    """
    servable.close()
    gc.collect()
