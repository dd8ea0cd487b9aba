"""Makes the batches that the Evaluator hands to a model: few lines at once, of like width.

Between the reading of the examples and TFMA's own extractors. A model needs time and memory for all
of a batch, each line as wide as the widest. Beam's batches grow up to 1,000 examples where a
machine is fast: 2.4 GiB for a line model against 1.1 GiB for 64 lines, which are read no slower.
Where it is slow they are small and mixed, and a third of what a model computes are margins
(docs/scale.md).
"""

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow_model_analysis as tfma
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue
from tensorflow_model_analysis.extractors import extractor
from tensorflow_model_analysis.proto import config_pb2
from tfx_bsl.arrow import table_util

from schema.features import LINE_WIDTH

BATCH_EXAMPLES = 64
"""Examples that a model is given at once."""
GATHERED_EXAMPLES = 512
"""Examples that are sorted by width: some 10 MiB."""


def custom_extractors(
    eval_shared_model: Any, eval_config: config_pb2.EvalConfig, tensor_adapter_config: Any
) -> list[extractor.Extractor]:
    """Returns TFMA's default extractors after ours; TFX's executor asks by this name.

    Args:
      eval_shared_model: the candidate, or it and the baseline.
      eval_config: names label and prediction.
      tensor_adapter_config: how examples become tensors, None for TFMA's own way.
    """
    return [
        extractor.Extractor("SmallBatches", beam.ParDo(SmallBatches())),
        *tfma.default_extractors(
            eval_shared_model=eval_shared_model,
            eval_config=eval_config,
            tensor_adapter_config=tensor_adapter_config,
        ),
    ]


class SmallBatches(beam.DoFn):
    """Gathers extracts of record batches, and yields such of at most `BATCH_EXAMPLES` examples."""

    def start_bundle(self) -> None:
        """Begins with nothing."""
        self._gathered: list[pa.RecordBatch] = []

    def process(self, extracts: tfma.Extracts) -> Iterator[tfma.Extracts]:
        """Takes some examples, and yields those gathered once there are enough."""
        self._gathered.append(extracts[tfma.ARROW_RECORD_BATCH_KEY])
        if sum(batch.num_rows for batch in self._gathered) >= GATHERED_EXAMPLES:
            yield from self._cut()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Yields the rest."""
        for extracts in self._cut():
            yield GlobalWindows.windowed_value(extracts)

    def _cut(self) -> Iterator[tfma.Extracts]:
        if not self._gathered:
            return
        batch = _sort_by_width(table_util.MergeRecordBatches(self._gathered))
        self._gathered = []
        for first in range(0, batch.num_rows, BATCH_EXAMPLES):
            yield {tfma.ARROW_RECORD_BATCH_KEY: batch.slice(first, BATCH_EXAMPLES)}


def _sort_by_width(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Returns the examples by the width of their lines; as they are where not each tells one."""
    if LINE_WIDTH not in batch.schema.names:
        return batch  # of characters or pages
    widths = pc.list_flatten(batch.column(batch.schema.get_field_index(LINE_WIDTH)))
    return batch.take(pc.array_sort_indices(widths)) if len(widths) == batch.num_rows else batch
