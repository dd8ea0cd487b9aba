"""How strong augmentation is; apart from `augmentation.py`, so that configuration stays light."""

import dataclasses
from dataclasses import dataclass

from schema.errors import InputError

# Beyond these a glyph of 28 pixels is no longer what its label says.
_LIMITS = {
    "shear": 1.0,
    "stretch": 0.5,
    "tilt": 7.0,
    "shift": 7.0,
    "elastic": 4.0,
    "stroke": 1.0,
    "brightness": 0.5,
    "contrast": 0.9,
    "noise": 0.5,
    "cutout": 14,
}


@dataclass(frozen=True)
class AugmentationOptions:
    """The largest disturbance of each kind, from which every picture draws; 0 leaves the kind out.

    All are off by default. Tried on 3,000 EMNIST lines that are fresh in each epoch, for 5 epochs:
    weak ones of all kinds but cut-out (shear 0.2, stretch 0.08, tilt and shift 0.7, elastic 0.5,
    stroke 0.2, brightness 0.03, contrast 0.1, noise 0.02) cost a short training more than they
    gave, 13.8 % validation CER after four epochs against 12.9 % without. Few real lines are what
    they are meant for; that has not been measured.

    Args:
      shear: columns that a row moves for each row of its height, 0..1: the slant's tangent.
      stretch: share by which a line becomes wider or narrower, 0..0.5.
      tilt: pixels by which the two ends rise or fall against the middle, 0..7.
      shift: pixels up or down, 0..7.
      elastic: standard deviation in pixels of a smooth random displacement, 0..4.
      stroke: share of the way to strokes one pixel wider or thinner on each side, 0..1.
      brightness: added to or taken from all pixels, of a range of 1, 0..0.5.
      contrast: share by which the distance from mid-grey grows or shrinks, 0..0.9.
      noise: standard deviation of independent noise, of a range of 1, 0..0.5.
      cutout: side in pixels of the squares that become paper, 0..14.
    """

    shear: float = 0.0
    stretch: float = 0.0
    tilt: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    stroke: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    noise: float = 0.0
    cutout: int = 0

    def __post_init__(self) -> None:
        for name, limit in _LIMITS.items():
            if not 0 <= getattr(self, name) <= limit:
                raise InputError(
                    f"expected {name} from 0 to {limit:g}, got {getattr(self, name)}: correct it"
                )

    @property
    def warps(self) -> bool:
        """Whether pixels move."""
        return any((self.shear, self.stretch, self.tilt, self.shift, self.elastic))

    @property
    def idle(self) -> bool:
        """Whether nothing is disturbed."""
        return not any(dataclasses.astuple(self))


NO_AUGMENTATION = AugmentationOptions()
"""Pictures as they are."""
