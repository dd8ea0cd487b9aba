"""How training examples differ from one epoch to the next; validation and test never do."""

from dataclasses import dataclass, field
from typing import Any

from transforms.synthesis_options import SynthesisOptions


@dataclass(frozen=True)
class Variation:
    """What tasks vary their training examples with.

    Args:
      synthesis: how glyphs are set into fresh lines.
    """

    synthesis: SynthesisOptions = field(default_factory=SynthesisOptions)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Variation":
        """Builds the record from what `dataclasses.asdict` and JSON made of it."""
        return cls(SynthesisOptions(**fields["synthesis"]))
