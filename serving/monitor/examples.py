"""Request logs -> examples in the terms of the curated schema, validated as such.

For whoever wants TFDV or a notebook to look at requests, or labels pictures from the log. Lines and
pages go to folders of their own, each with its examples, their statistics, the schema that they are
held against and what does not fit it.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schema.errors import InputError
from schema.features import LINE_COUNT, LINE_SCHEMA_FILE, PAGE_SCHEMA_FILE, TYPICAL_HEIGHT
from schema.request_features import REQUEST_SCHEMA_FILE
from serving.monitor.accumulator import WindowKey
from serving.monitor.drawing import RANGE, draw
from serving.monitor.logged_request import DETECTOR, PAGES, MeasuredRequest
from serving.monitor.observe_settings import ObserveSettings
from serving.monitor.profile import LogSummary
from serving.monitor.profile_file import summary_to_json
from serving.monitor.request_examples import example_of
from serving.monitor.request_schema import SERVING
from serving.monitor.tfdv_validation import describe_anomalies
from serving.monitor.windows import (
    IN_PROCESS,
    REQUESTS,
    SUMMARIES,
    ReadRequests,
    merge_summaries,
    read_summary,
)
from serving.whole_file import write_whole

LINES_FOLDER, PAGES_FOLDER = "lines", "pages"
_SCHEMAS = {LINES_FOLDER: LINE_SCHEMA_FILE, PAGES_FOLDER: PAGE_SCHEMA_FILE}
_RESULTS_FOLDER = ".results"
EXAMPLES_PREFIX, EXAMPLES_SUFFIX = "examples", ".tfrecord.gz"
STATISTICS_FILE, SCHEMA_FILE, ANOMALIES_FILE = (
    "statistics.binpb",
    "schema.pbtxt",
    "anomalies.pbtxt",
)


@dataclass(frozen=True)
class ExampleSettings:
    """Which requests become examples.

    Args:
      image_rate: share of the examples that hold their picture, 0..1; the others' is empty.
      model: the one whose requests are taken; None for all.
      version: likewise.
      words: of the training texts, for `UNKNOWN_WORD_SHARE`; empty leaves it out.
      seed: of which pictures are kept.
    """

    image_rate: float = 1.0
    model: str | None = None
    version: int | None = None
    words: frozenset[str] = frozenset()
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.image_rate <= 1:
            raise InputError(
                f"expected a share of pictures from 0 to 1, got {self.image_rate:g}: correct it"
            )


@dataclass(frozen=True)
class WrittenExamples:
    """What was written.

    Args:
      folders: name -> number of examples, of `LINES_FOLDER` and `PAGES_FOLDER` where any.
      anomalies: (folder, feature, sentence) of what the schema does not allow in requests; the
        feature is "" where it is about all examples.
      log: what the logs held besides.
    """

    folders: dict[str, int]
    anomalies: tuple[tuple[str, str, str], ...]
    log: LogSummary


def write_examples(
    files: Sequence[str],
    folder: Path,
    settings: ExampleSettings = ExampleSettings(),
    beam_args: Sequence[str] = IN_PROCESS,
) -> WrittenExamples:
    """Writes the requests of log files as examples and validates them.

    Args:
      files: of `find_logs`.
      folder: where to; made where absent.
      settings: which requests.
      beam_args: of the runner.

    Raises:
      InputError: the folder holds something, or no request was chosen.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"expected an empty folder for examples, got {folder}: name another one")
    results = folder / _RESULTS_FOLDER  # where the workers write anyway
    try:
        _run(files, folder, settings, beam_args, str(results))
        log = read_summary(f"{results}/summaries")
        counts = json.loads(next(results.glob("counts-*")).read_text(encoding="utf-8"))
    finally:
        shutil.rmtree(results, ignore_errors=True)
    for name in _SCHEMAS.keys() - counts.keys():
        shutil.rmtree(folder / name)  # Beam writes a file without records
    if not counts:
        folder.rmdir()
        raise InputError(
            f"expected requests for pictures, got none among {log.records} records of {log.files} "
            "files: choose another model or version, or see what the logs hold with `check`"
        )
    anomalies = [
        (name, *found) for name in sorted(counts) for found in validate_folder(folder / name)
    ]
    return WrittenExamples(counts, tuple(anomalies), log)


def validate_folder(folder: Path) -> tuple[tuple[str, str], ...]:
    """Holds the examples of a folder against the schema of requests; keeps what it is made of.

    Returns:
      (feature, sentence) of each anomaly.
    """
    import tensorflow_data_validation as tfdv

    schema = request_schema(_SCHEMAS[folder.name])
    statistics = tfdv.generate_statistics_from_tfrecord(
        f"{folder}/{EXAMPLES_PREFIX}*{EXAMPLES_SUFFIX}",
        stats_options=tfdv.StatsOptions(schema=schema),
        pipeline_options=PipelineOptions(list(IN_PROCESS)),
    )
    found = tfdv.validate_statistics(statistics, schema, environment=SERVING)
    write_whole(folder / STATISTICS_FILE, statistics.SerializeToString())
    for name, message in ((SCHEMA_FILE, schema), (ANOMALIES_FILE, found)):
        write_whole(folder / name, text_format.MessageToString(message).encode())
    return describe_anomalies(found)


def request_schema(curated: Path) -> schema_pb2.Schema:
    """Returns a curated schema with what only requests have."""
    texts = [file.read_text(encoding="utf-8") for file in (curated, REQUEST_SCHEMA_FILE)]
    schema = text_format.Parse("\n".join(texts), schema_pb2.Schema())
    for feature in schema.feature:
        # A picture that cannot be read has no numbers, which `presence` tells; the shape that
        # nothing then has would only be told beside it.
        feature.ClearField("shape")
        if feature.name in (LINE_COUNT, TYPICAL_HEIGHT):  # as found, where ingestion has the truth
            feature.ClearField("not_in_environment")
            feature.ClearField("presence")
    return schema


def _run(
    files: Sequence[str],
    folder: Path,
    settings: ExampleSettings,
    beam_args: Sequence[str],
    results: str,
) -> None:
    with beam.Pipeline(options=PipelineOptions(list(beam_args))) as pipeline:
        read = (
            pipeline
            | "ListFiles" >> beam.Create(sorted(set(files)), reshuffle=True)
            | "ReadRequests"
            >> beam.ParDo(ReadRequests(ObserveSettings(words=settings.words))).with_outputs(
                SUMMARIES, main=REQUESTS
            )
        )
        made = read[REQUESTS] | "MakeExamples" >> beam.ParDo(_make, settings)
        _ = (
            made
            | "CountExamples" >> beam.combiners.Count.PerKey()
            | "CollectCounts" >> beam.combiners.ToDict()
            | "WriteCountsAsJson" >> beam.Map(json.dumps)
            | "KeepCounts" >> beam.io.WriteToText(f"{results}/counts")
        )
        _ = (
            read[SUMMARIES]
            | "MergeSummaries" >> beam.CombineGlobally(merge_summaries)
            | "WriteSummaryAsJson" >> beam.Map(lambda each: json.dumps(summary_to_json(each)))
            | "KeepSummary" >> beam.io.WriteToText(f"{results}/summaries")
        )
        for name in _SCHEMAS:
            _ = (
                made
                | f"Take_{name}" >> beam.Filter(lambda pair, name=name: pair[0] == name)
                | f"DropName_{name}" >> beam.Values()
                | f"Keep_{name}"
                >> beam.io.WriteToTFRecord(
                    str(folder / name / EXAMPLES_PREFIX),
                    file_name_suffix=EXAMPLES_SUFFIX,
                )
            )


def _make(
    window: tuple[WindowKey, MeasuredRequest], settings: ExampleSettings
) -> Iterator[tuple[str, Any]]:
    _, measured = window
    request = measured.request
    if settings.model not in (None, request.model):
        return
    if settings.version not in (None, request.version):
        return
    with_image = draw(request.record, settings.seed) < settings.image_rate * RANGE
    folder = PAGES_FOLDER if request.kind in (PAGES, DETECTOR) else LINES_FOLDER
    yield folder, example_of(measured, with_image).SerializeToString()
