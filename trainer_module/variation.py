"""How training examples differ from one epoch to the next; validation and test never do."""

from dataclasses import dataclass, field
from typing import Any

from transforms.augmentation_options import AugmentationOptions
from transforms.synthesis_options import SynthesisOptions


@dataclass(frozen=True)
class Variation:
    """What tasks vary their training examples with.

    Args:
      synthesis: how glyphs are set into fresh lines.
      augmentation: how much pictures are disturbed.
    """

    synthesis: SynthesisOptions = field(default_factory=SynthesisOptions)
    augmentation: AugmentationOptions = field(default_factory=AugmentationOptions)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Variation":
        """Builds the record from what `dataclasses.asdict` and JSON made of it."""
        return cls(
            SynthesisOptions(**fields["synthesis"]), AugmentationOptions(**fields["augmentation"])
        )
