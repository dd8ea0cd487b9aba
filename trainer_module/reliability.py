"""How far a line model's confidences can be relied on; light, for the report reads it too."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from transforms.calibration import ReliabilityBin

RELIABILITY_FILE = "reliability.json"
"""Beside the model card of an exported line model."""


@dataclass(frozen=True)
class Reliability:
    """What confidences came to on validation lines that their calibration was not fitted on.

    Args:
      lines: of whole lines.
      characters: of the characters that were read.
    """

    lines: tuple[ReliabilityBin, ...]
    characters: tuple[ReliabilityBin, ...]


def write_reliability(reliability: Reliability, path: Path) -> None:
    """Writes the bins as JSON."""
    path.write_text(json.dumps(dataclasses.asdict(reliability)), encoding="utf-8")


def read_reliability(path: Path) -> Reliability:
    """Reads what `write_reliability` wrote."""
    bins = {
        name: tuple(ReliabilityBin(**each) for each in found)
        for name, found in json.loads(path.read_text(encoding="utf-8")).items()
    }
    return Reliability(**bins)
