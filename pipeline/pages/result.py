"""What came of the page servable: records that the run, its JSON line and the report tell; light.

`gate.py` fills the one, `trial.py` the other.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.estimate import Estimate

TOLERANCE = 0.02
"""How much higher than the pushed servable's the rate may be. Test pages are few, so that some
lines more or less on one of them are a point or two; there is no absolute bound, for the two
models have passed theirs."""


@dataclass(frozen=True)
class PageErrorRate:
    """Edits per character on whole pages, as fractions where 0.05 is 5 %.

    Args:
      pages_of: the pipeline whose test pages were read, as in "pages-detector"; pages of the
        sample are synthetic.
      pages: how many were read.
      characters: of their true texts, line breaks included.
      candidate: the new servable's rate.
      baseline: the rate of the servable pushed before, on the same pages; None without one.
      change: candidate less baseline, None without one.
    """

    pages_of: str
    pages: int
    characters: int
    candidate: Estimate
    baseline: Estimate | None = None
    change: Estimate | None = None

    @property
    def reason(self) -> str | None:
        """Why the servable may not be pushed, None where it may."""
        if self.baseline is None or self.change is None or self.change.value <= TOLERANCE:
            return None
        return (
            f"the error rate on whole pages, {self.candidate.value:.2%} of {self.characters:,} "
            f"characters, is more than {TOLERANCE:.2%} above the {self.baseline.value:.2%} of the "
            f"pushed servable on the same {self.pages} test pages of {self.pages_of}"
        )

    def as_json(self) -> dict[str, Any]:
        """Returns the figures for a model card; what is not a number is null."""
        return {
            "pages_of": self.pages_of,
            "pages": self.pages,
            "characters": self.characters,
            **self.candidate.as_json(),
            "baseline": self.baseline and self.baseline.as_json(),
            "change": self.change and self.change.as_json(),
            "tolerance": TOLERANCE,
        }


@dataclass(frozen=True)
class PagePush:
    """What came of the page servable.

    Args:
      pushed: the servable of the newest parents; None where there is none, or it was refused.
      error_rate: what it reached on whole pages, None where that was not measured now.
      remark: why it was refused or not measured, or what it was not compared with.
    """

    pushed: Path | None = None
    error_rate: PageErrorRate | None = None
    remark: str | None = None

    @property
    def told(self) -> str | None:
        """What came of it in one line, None where there was nothing to compose."""
        parts = [str(self.pushed) if self.pushed else None, self.remark]
        if self.error_rate:
            parts.insert(1, f"CER {self.error_rate.candidate.value:.1%}")
        return "; ".join(filter(None, parts)) or None

    def as_json(self) -> dict[str, Any] | None:
        """Returns what came of it, None where there was nothing to compose."""
        if self.told is None:
            return None
        return {
            "pushed": str(self.pushed) if self.pushed else None,
            "error_rate": self.error_rate.as_json() if self.error_rate else None,
            "remark": self.remark,
        }
