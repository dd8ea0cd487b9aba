"""Where a training belongs, as the pipeline tells it once it runs: lineage, data, source code."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RunOrigin:
    """A training's place in the lineage.

    Args:
      pipeline: its name.
      pipeline_run: id of the pipeline's run.
      model: id of the execution that makes the model, which is the name of its folder.
      examples: id of the transformed examples' artifact.
      data: what these were made from: source, span, version, fingerprint, examples a split.
      commit: of the working tree, empty outside of one.
      diff: hash of what differs from the commit, empty where nothing does.
    """

    pipeline: str = ""
    pipeline_run: str = ""
    model: str = ""
    examples: int = 0
    data: list[dict[str, Any]] = field(default_factory=list)
    commit: str = ""
    diff: str = ""
