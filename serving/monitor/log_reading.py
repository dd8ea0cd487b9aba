"""A log file -> its requests, and an account of everything else that it holds."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from serving.monitor.log_files import read_records
from serving.monitor.logged_request import LoggedRequest
from serving.monitor.prediction_logs import UnusableError, read_message
from serving.monitor.profile import MOST_PROBLEMS, FileProblem, LogSummary

BACK_SECONDS = 60
"""Servers that write from several threads change the order of records by less."""


def read_log(stream: BinaryIO, file: str) -> Iterator[LoggedRequest | LogSummary]:
    """Yields the requests of a log file in its order, and last the summary of the file.

    Args:
      stream: at its beginning.
      file: its name.
    """
    records, damages, lost, before = 0, 0, 0, 0
    unusable: Counter[str] = Counter()
    problems: list[FileProblem] = []
    for found in read_records(stream, file):
        if isinstance(found, FileProblem):
            damages += 1
            lost += found.lost_bytes
            problems += [found] if len(problems) < MOST_PROBLEMS else []
            continue
        records += 1
        try:
            requests = read_message(found.content, file, found.offset)
        except UnusableError as error:
            unusable[str(error)] += 1
            continue
        back = bool(requests) and requests[0].timestamp < before - BACK_SECONDS
        for request in requests:
            yield replace(request, clock_back=True) if back else request
            before = request.timestamp
    yield LogSummary(1, records, dict(unusable), tuple(problems), damages, lost)


def unopened(file: str, error: OSError) -> LogSummary:
    """Returns the summary of a file that cannot be opened, as one that the server has deleted."""
    told = error.strerror or str(error)
    problem = FileProblem(file, 0, f"cannot be opened: {told}", 0)
    return LogSummary(files=1, problems=(problem,), damages=1)
