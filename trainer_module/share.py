"""Which part of the training examples a machine of a cluster reads."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """Every `count`-th example of an epoch's order, from number `index` on."""

    index: int = 0
    count: int = 1


WHOLE = Share()
