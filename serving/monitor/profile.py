"""All that is kept of the requests of one window of time: counts, a few samples, what was wrong.

`windows` makes profiles of logs, of any size in flat memory; `checks` judges them; the report
draws them. `profile_file` keeps them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from serving.monitor.logged_request import MeasuredRequest

UNREADABLE, NO_PICTURE, NO_READING, NO_CONFIDENCE, NO_LATENCY, IMPOSSIBLE_TIME, CLOCK_BACK = (
    "unreadable",
    "no_picture",
    "no_reading",
    "no_confidence",
    "no_latency",
    "impossible_time",
    "clock_back",
)
PROBLEMS: dict[str, str] = {
    UNREADABLE: "the picture is no PNG or JPEG, or a broken one",
    NO_PICTURE: "the request holds no picture",
    NO_READING: "the answer holds no text",
    NO_CONFIDENCE: "the answer holds no confidence",
    NO_LATENCY: "the log does not tell how long the answer took",
    IMPOSSIBLE_TIME: "the time lies in the future or before 2015",
    CLOCK_BACK: "the time lies before that of the record before",
}
"""What may be wrong with one request, as it is told; the request counts all the same."""


MOST_PROBLEMS = 50
"""Problems of files that are told one by one."""


@dataclass(frozen=True)
class NumberSummary:
    """A number's values in a window: how many, and their moments.

    Args:
      values: how many requests have it.
      missing: how many lack it.
      minimum, maximum, mean, deviation: of the values; NaN where there are none.
    """

    values: int
    missing: int
    minimum: float
    maximum: float
    mean: float
    deviation: float


@dataclass(frozen=True)
class WindowProfile:
    """The requests that one version of a model answered within a window.

    Args:
      model: its name, "" where the log does not tell it.
      version: None where the log does not tell it.
      kind: of `serving.monitor.logged_request`, None where not known.
      window_start, window_end: bounds of the window, UTC; the end is not part of it.
      first, last: when the first and the last of the requests were answered, UTC.
      requests: pictures logged.
      estimated_requests: pictures that came in, from the sampling rates of the log.
      counts: feature -> int64 [bins], requests (of `CHARACTERS`: characters) in each bin of the
        reference, for each feature that it has bins for. Empty where there is no reference.
      numbers: feature -> summary, for each number that any request has.
      categories: feature -> category -> requests (of `CHARACTERS`: characters), the most frequent
        `accumulator.MOST_CATEGORIES` first, the others under "".
      unsure: requests whose confidence lies below the reference's mark.
      judged: requests that have a confidence.
      problems: key of `PROBLEMS` -> requests.
      sampled: requests drawn at random, of those whose picture can be read, with the pictures; the
        same ones for the same log, seed and size.
      unsurest: those of least confidence, the least first.
      oddest: those whose values the reference has most rarely, the oddest first.
      sampled_numbers: feature -> float64 [rows], of rows drawn at random, NaN where missing; the
        same rows for each feature. Quantiles and plots are made of them.
      embeddings: float32 [k, d], what the network's trunk makes of the `sampled` pictures, in their
        order; None until `serving.monitor.embedding` has asked the model.
      edits, characters: int64 [m], of requests that were labelled, edits between truth and reading
        and the truth's length; empty until a labelled sample is given.
    """

    model: str
    version: int | None
    kind: str | None
    window_start: datetime
    window_end: datetime
    first: datetime
    last: datetime
    requests: int
    estimated_requests: float
    counts: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    numbers: Mapping[str, NumberSummary] = field(default_factory=dict)
    categories: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    unsure: int = 0
    judged: int = 0
    problems: Mapping[str, int] = field(default_factory=dict)
    sampled: tuple[MeasuredRequest, ...] = ()
    unsurest: tuple[MeasuredRequest, ...] = ()
    oddest: tuple[MeasuredRequest, ...] = ()
    sampled_numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    embeddings: NDArray[np.float32] | None = None
    edits: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    characters: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def quantiles(self, feature: str) -> NDArray[np.float64]:
        """Returns percentiles of a number, float64 [101], least to largest; NaN without values."""
        values = self.sampled_numbers.get(feature, np.empty(0))
        values = values[np.isfinite(values)]
        if not values.size:
            return np.full(101, np.nan)
        return np.quantile(values, np.linspace(0, 1, 101))


@dataclass(frozen=True)
class FileProblem:
    """Damage in a log file, or a file that is none or cannot be read.

    Args:
      file: its path.
      offset: where, in bytes from the beginning of the (unpacked) file.
      message: one phrase.
      lost_bytes: that hold no record that could be read.
    """

    file: str
    offset: int
    message: str
    lost_bytes: int


@dataclass(frozen=True)
class QuietSpan:
    """Windows in a row without any request to a model, between ones with some.

    Args:
      model: its name.
      start, end: UTC.
    """

    model: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class LogSummary:
    """What log files hold besides requests; `Observation` explains the fields.

    Args:
      files: as there.
      records: as there.
      unusable: as there.
      problems: the `file_problems` there.
      damages: as there.
      lost_bytes: as there.
    """

    files: int = 0
    records: int = 0
    unusable: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[FileProblem, ...] = ()
    damages: int = 0
    lost_bytes: int = 0

    def merge(self, other: "LogSummary") -> "LogSummary":
        """Returns the summary of both."""
        problems = sorted(
            (*self.problems, *other.problems), key=lambda each: (each.file, each.offset)
        )
        return LogSummary(
            self.files + other.files,
            self.records + other.records,
            dict(Counter(self.unusable) + Counter(other.unusable)),
            tuple(problems[:MOST_PROBLEMS]),
            self.damages + other.damages,
            self.lost_bytes + other.lost_bytes,
        )


@dataclass(frozen=True)
class Observation:
    """What the logs of some time hold.

    Args:
      profiles: in order of model, window and version.
      quiet: windows without any request, in order of model and time.
      files: that were opened, or could not be.
      records: whole records in them.
      unusable: phrase -> records that are no request for pictures.
      file_problems: the first `MOST_PROBLEMS` in order of file and place.
      damages: how many problems there are, told or not.
      lost_bytes: of all files together.
    """

    profiles: tuple[WindowProfile, ...]
    quiet: tuple[QuietSpan, ...]
    files: int
    records: int
    unusable: Mapping[str, int]
    file_problems: tuple[FileProblem, ...]
    damages: int
    lost_bytes: int
