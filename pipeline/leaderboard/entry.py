"""A line of the leaderboard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.estimate import Estimate
from trainer_module.history import Epoch

MODEL, TRIAL = "model", "trial"


@dataclass(frozen=True)
class Entry:
    """A training and what it came to.

    Args:
      name: unique in the workspace, as in "sample-lines/7" or a trial's "search/3".
      kind: `MODEL` or `TRIAL`.
      task, dataset, network: as on the command line.
      when: since 1970, in milliseconds; 0 where it is not known.
      data: what was read, span and version, as in "span 3 version 1".
      spans: numbers of the data's spans.
      error_name: what the error is called, as in "CER"; 1 - F1 for pages.
      test_error: on the test split, as a fraction; None for trials, which never see it.
      validation_error: of the best epoch, as a fraction.
      latency_ms: of one reading, on the machine that trained.
      model_bytes: of the SavedModel.
      verdict: the gate's word, or the trial's state.
      curve: its epochs.
      settings: what a trial differs in from the others of its search.
      facts: all that is recorded of it, nested; compared field by field.
    """

    name: str
    kind: str
    task: str
    dataset: str
    network: str
    when: int = 0
    data: str = ""
    spans: tuple[int, ...] = ()
    error_name: str = "error"
    test_error: Estimate | None = None
    validation_error: float | None = None
    latency_ms: float | None = None
    model_bytes: int | None = None
    verdict: str = ""
    curve: tuple[Epoch, ...] = ()
    settings: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def error(self) -> float | None:
        """What it is ranked by: on the test split where there is that, else on validation."""
        return self.test_error.value if self.test_error else self.validation_error
