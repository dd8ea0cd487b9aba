"""One picture that was sent to a model, and what was answered: a row of a request log.

`prediction_logs` makes them of the servers' messages, `measuring` turns each into numbers. A
request of N pictures is N rows.
"""

from dataclasses import dataclass

LINES, CHARACTERS, DETECTOR, PAGES = "lines", "characters", "detector", "pages"
"""What a model reads, told by the names of its outputs."""


@dataclass(frozen=True)
class RecordId:
    """Where a picture lies in the logs.

    Args:
      file: the log file's path, as it was opened.
      offset: of the record, in bytes from the beginning of the (unpacked) file.
      row: of the picture within the request, from 0.
    """

    file: str
    offset: int
    row: int = 0

    def __str__(self) -> str:
        return f"{self.file}@{self.offset}/{self.row}"


@dataclass(frozen=True)
class LoggedRequest:
    """A picture and its answer.

    Args:
      record: where it lies.
      model: the model's name, "" where the log does not tell it.
      version: that answered; None where the log does not tell it.
      timestamp: when it was answered, seconds since 1970 in UTC; 0 where not known.
      sampling_rate: share of the requests that the server logs, above 0, at most 1.
      image: the picture as sent: PNG, JPEG, or whatever the client took for one.
      kind: one of the above; None where the logged outputs do not tell it.
      reading: the text; a page's lines are joined by line ends; None where none was logged, as of
        detectors and of requests whose output filter left it out.
      confidence: of the reading, 0..1; of a page the mean over its lines; None where none was
        logged.
      boxes: of the lines found, (ymin, xmin, ymax, xmax) in pixels; None but for detectors and
        pages.
      latency_ms: from the request's arrival to its answer; None where the server does not log it.
      clock_back: whether its time lies before that of the record before.
    """

    record: RecordId
    model: str
    version: int | None
    timestamp: int
    sampling_rate: float
    image: bytes
    kind: str | None
    reading: str | None
    confidence: float | None
    boxes: tuple[tuple[float, float, float, float], ...] | None = None
    latency_ms: float | None = None
    clock_back: bool = False


@dataclass(frozen=True)
class MeasuredRequest:
    """A request with what was measured of it.

    Args:
      request: as logged.
      values: feature -> number or category, or a tuple of categories (`CHARACTERS`); keys of
        `schema.features` and `schema.request_features`. A feature that could not be measured is
        left out. Numbers are finite.
      problems: keys of `serving.monitor.profile.PROBLEMS`.
    """

    request: LoggedRequest
    values: dict[str, float | str | tuple[str, ...]]
    problems: tuple[str, ...] = ()
