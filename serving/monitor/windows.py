"""Log files -> profiles of windows, as a Beam pipeline.

Reading, measuring and adding up happen in one stage on the workers, so that what moves between them
is a part for each window, however many requests there are. Any Beam runner does; the files and the
folder of the results must then lie where its workers reach them.
"""

import json
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from serving.monitor.accumulator import Accumulator, Part, WindowKey, window_key
from serving.monitor.log_reading import read_log, unopened
from serving.monitor.logged_request import LoggedRequest, MeasuredRequest
from serving.monitor.measuring import measure
from serving.monitor.observe_settings import ObserveSettings
from serving.monitor.profile import (
    IMPOSSIBLE_TIME,
    LogSummary,
    Observation,
    QuietSpan,
    WindowProfile,
)
from serving.monitor.profile_file import (
    profile_from_json,
    profile_to_json,
    summary_from_json,
    summary_to_json,
)

IN_PROCESS = ("--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner",)
"""Beam's own runner, in this process. DirectRunner would first look for another one to fetch."""

REQUESTS, SUMMARIES = "requests", "summaries"
"""The outputs of `ReadRequests`."""


def observe(
    files: Sequence[str],
    settings: ObserveSettings,
    beam_args: Sequence[str] = IN_PROCESS,
    results: str | None = None,
) -> Observation:
    """Reads log files and adds their requests up by model, version and window.

    Args:
      files: paths, or addresses that Beam's file systems know; `find_logs` finds them.
      settings: what to count and keep.
      beam_args: of the runner.
      results: a folder for what the workers hand back, which is taken away afterwards; None for a
        temporary one here.

    Returns:
      everything; damaged files and odd records are accounted for.
    """
    if results is None:
        with tempfile.TemporaryDirectory(prefix="monitor-") as folder:
            return observe(files, settings, beam_args, folder)
    # A folder of its own: what another run left behind would be read as well.
    own = FileSystems.join(results, f"observed-{uuid.uuid4().hex}")
    FileSystems.mkdirs(own)
    try:
        return _observe(files, settings, beam_args, own)
    finally:
        FileSystems.delete([own])


def _observe(
    files: Sequence[str], settings: ObserveSettings, beam_args: Sequence[str], results: str
) -> Observation:
    profiles, summaries = f"{results}/profiles", f"{results}/summaries"
    with beam.Pipeline(options=PipelineOptions(list(beam_args))) as pipeline:
        read = (
            pipeline
            | "ListFiles" >> beam.Create(sorted(set(files)), reshuffle=True)
            | "ReadRequests"
            >> beam.ParDo(ReadRequests(settings)).with_outputs(SUMMARIES, main=REQUESTS)
        )
        _ = (
            read[REQUESTS]
            | "AddUpWindows" >> beam.CombinePerKey(AddUp(settings))
            | "WriteProfilesAsJson" >> beam.Map(_profile_line, settings)
            | "KeepProfiles" >> beam.io.WriteToText(profiles)
        )
        _ = (
            read[SUMMARIES]
            | "MergeSummaries" >> beam.CombineGlobally(merge_summaries)
            | "WriteSummaryAsJson" >> beam.Map(lambda each: json.dumps(summary_to_json(each)))
            | "KeepSummary" >> beam.io.WriteToText(summaries)
        )
    found = [profile_from_json(each) for each in _read_lines(profiles)]
    return assemble(found, read_summary(summaries))


def assemble(profiles: Iterable[WindowProfile], log: LogSummary) -> Observation:
    """Puts profiles in order and names the windows between them that have none."""
    ordered = sorted(
        profiles,
        key=lambda each: (
            each.model,
            each.window_start,
            -1 if each.version is None else each.version,
        ),
    )
    return Observation(
        profiles=tuple(ordered),
        quiet=tuple(_find_quiet(ordered)),
        files=log.files,
        records=log.records,
        unusable=log.unusable,
        file_problems=log.problems,
        damages=log.damages,
        lost_bytes=log.lost_bytes,
    )


def merge_summaries(summaries: Iterable[LogSummary]) -> LogSummary:
    """Returns one summary of all."""
    merged = LogSummary()
    for summary in summaries:
        merged = merged.merge(summary)
    return merged


def read_summary(prefix: str) -> LogSummary:
    """Returns the summary that lies in the files of a prefix, as JSON."""
    return merge_summaries(summary_from_json(each) for each in _read_lines(prefix))


class ReadRequests(beam.DoFn):
    """A file -> its measured requests by window, and beside them the file's summary.

    Args:
      settings: whose words and windows count.
    """

    def __init__(self, settings: ObserveSettings) -> None:
        self._settings = settings

    def process(self, file: str) -> Iterator[Any]:
        """Yields (window, request), and the summary with its tag."""
        try:
            # Whether it is packed shows in its bytes, not in its name.
            stream = FileSystems.open(file, compression_type=CompressionTypes.UNCOMPRESSED)
        except OSError as error:
            yield beam.pvalue.TaggedOutput(SUMMARIES, unopened(file, error))
            return
        with stream:
            for found in read_log(stream, file):
                if isinstance(found, LoggedRequest):
                    measured = measure(found, self._settings.words)
                    yield window_key(measured, self._settings), measured
                else:
                    yield beam.pvalue.TaggedOutput(SUMMARIES, found)


class AddUp(beam.CombineFn):
    """Requests of a window -> its part; `Accumulator` does the arithmetic.

    Args:
      settings: what to count and keep.
    """

    def __init__(self, settings: ObserveSettings) -> None:
        self._settings = settings
        self._adder = Accumulator(settings)

    def create_accumulator(self) -> Part:
        """Begins a part."""
        return self._adder.begin()

    def add_input(self, part: Part, measured: MeasuredRequest) -> Part:
        """Adds a request."""
        self._adder.add(part, measured)
        return part

    def merge_accumulators(self, parts: Iterable[Part]) -> Part:
        """Merges parts."""
        merged = self._adder.begin()
        for part in parts:
            self._adder.merge(merged, part)
        return merged

    def compact(self, part: Part) -> Part:
        """Counts what waits, before the part is sent."""
        self._adder.settle(part)
        return part

    def extract_output(self, part: Part) -> Part:
        """Returns the part itself: a profile needs the window's key too."""
        return part


def _profile_line(window: tuple[WindowKey, Part], settings: ObserveSettings) -> str:
    key, part = window
    return json.dumps(profile_to_json(Accumulator(settings).profile(part, key)))


def _read_lines(prefix: str) -> Iterator[Any]:
    (match,) = FileSystems.match([f"{prefix}-*"])
    for each in match.metadata_list:
        with FileSystems.open(each.path) as file:
            for line in file.read().splitlines():
                yield json.loads(line)


def _find_quiet(profiles: Sequence[WindowProfile]) -> Iterator[QuietSpan]:
    for model, windows in groupby(profiles, key=lambda each: each.model):
        ends: list[tuple[datetime, datetime]] = [
            (each.window_start, each.window_end)
            for each in windows
            # From a clock that went wrong to the others there is no time in which to be quiet.
            if each.problems.get(IMPOSSIBLE_TIME, 0) < each.requests
        ]
        for (_, end), (start, _) in pairwise(ends):
            if start > end:
                yield QuietSpan(model, end, start)
