"""Tells what a folder of data is: `python -m pipeline.ingest inspect DIR`.

`recognise.py` says which kind it is; `glyphs.py`, `lines.py` and `pages.py` look at it with the
readers that a run uses; `contact_sheet.py` draws what was seen. Here is what they have in common.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from pipeline.ingest.records import Problem


@dataclass(frozen=True)
class Panel:
    """A picture for the contact sheet, and what stands below it."""

    picture: Image.Image
    caption: str


@dataclass(frozen=True)
class Finding:
    """What was found out about one data set.

    Args:
      title: what it is.
      facts: name and value of each, in the order in which they are told.
      problems: what cannot be used, and why.
      panels: some of its contents, drawn at random.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]
    panels: tuple[Panel, ...]

    def describe(self, problems_told: int) -> str:
        """Returns the finding for people to read; the problems after the first ones are counted."""
        wide = max(len(name) for name, _ in self.facts)
        rows = [self.title, *(f"  {name:<{wide}}  {value}" for name, value in self.facts)]
        rows.append(f"  {'problems':<{wide}}  {len(self.problems) or 'none'}")
        rows += [f"    {problem}" for problem in self.problems[:problems_told]]
        if len(self.problems) > problems_told:
            rows.append(f"    and {len(self.problems) - problems_told:,} more")
        return "\n".join(rows)


def spread(values: Sequence[int]) -> str:
    """Returns the least, the middle and the greatest of some numbers, at least one."""
    ordered = sorted(values)
    return f"{ordered[0]:,} to {ordered[-1]:,}, median {ordered[len(ordered) // 2]:,}"
