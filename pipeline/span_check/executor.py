"""Compares a span with the last one, and stops the run or warns."""

import logging
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import Artifact, artifact_utils, standard_component_specs

from pipeline.lineage import SOURCE_PROPERTY
from pipeline.span_check.compare import Statistics, compare_statistics
from pipeline.span_check.comparison import SpanComparison, write_comparison
from pipeline.span_check.last_span import EXAMPLES, STATISTICS
from pipeline.span_check.options import STOP, SpanCheckOptions
from schema.errors import InputError

LAST_EXAMPLES, LAST_STATISTICS, COMPARISON = "last_examples", "last_statistics", "comparison"
"""Inputs, which may have no artifact yet, and the output."""
SCHEMA = standard_component_specs.SCHEMA_KEY
POLICY, FALSE_ALARMS, CODE_VERSION = "policy", "false_alarms", "code_version"
"""Parameters: the fields of `SpanCheckOptions`, and what tells the cache of other code."""

_STATISTICS_FILE, _SCHEMA_FILE = "FeatureStats.pb", "schema.pbtxt"

_log = logging.getLogger(__name__)


class SpanCheckExecutor(BaseExecutor):
    """Compares the statistics of two spans.

    Raises:
      InputError: the new span is unlike the last one, and the policy is to stop.
    """

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Compares, writes the comparison down, and stops or warns."""
        options = SpanCheckOptions(exec_properties[POLICY], exec_properties[FALSE_ALARMS])
        comparison = _compare(input_dict, options)
        write_comparison(comparison, Path(artifact_utils.get_single_uri(output_dict[COMPARISON])))
        _log.info("%s", comparison.describe())
        if comparison.skewed and options.span_policy == STOP:
            raise InputError(
                f"expected a span like the last one, got another: {comparison.describe()}: look "
                "at the data, or train on it as it is with --set span_policy=warn"
            )


def _compare(inputs: dict[str, list[Artifact]], options: SpanCheckOptions) -> SpanComparison:
    now = _name(inputs[EXAMPLES])
    if not inputs.get(LAST_STATISTICS):
        return SpanComparison(options.span_policy, now)
    schema_path = Path(artifact_utils.get_single_uri(inputs[SCHEMA])) / _SCHEMA_FILE
    compared = compare_statistics(
        read_statistics(inputs[STATISTICS]),
        read_statistics(inputs[LAST_STATISTICS]),
        text_format.Parse(schema_path.read_text(encoding="utf-8"), schema_pb2.Schema()),
        options.span_false_alarms,
    )
    last = _name(inputs[LAST_EXAMPLES])
    return SpanComparison(options.span_policy, now, last, compared.shifts, compared.notes)


def read_statistics(artifacts: list[Artifact]) -> Statistics:
    """Returns split -> statistics of an ExampleStatistics artifact.

    Raises:
      InputError: its files are gone.
    """
    artifact = artifact_utils.get_single_instance(artifacts)
    found = {}
    for split in artifact_utils.decode_split_names(artifact.split_names):
        path = Path(artifact_utils.get_split_uri(artifacts, split)) / _STATISTICS_FILE
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"expected the statistics of a span, got {error.strerror} at {path}: restore the "
                "folder, or choose a workspace without that span with --workspace"
            ) from None
        [found[split]] = statistics_pb2.DatasetFeatureStatisticsList.FromString(content).datasets
    return found


def _name(examples: list[Artifact]) -> str:
    artifact = artifact_utils.get_single_instance(examples)
    # What it says after a semicolon, of lines left out, is told elsewhere.
    source = artifact.get_string_custom_property(SOURCE_PROPERTY).partition(";")[0]
    return f"Examples {artifact.id}" + (f" ({source})" if source else "")
