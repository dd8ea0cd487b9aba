"""Cuts the batches that the Evaluator hands to a model, so that its memory has an upper end.

Between the reading of the examples and TFMA's own extractors. Beam lets a batch grow up to 1,000
examples where the machine is fast or the model small, and a model needs memory for all of a batch
at once, each line as wide as the widest: 2.4 GiB for 1,000 lines against 1.1 GiB for 64, which are
read no slower (docs/scale.md).
"""

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.extractors import extractor
from tensorflow_model_analysis.proto import config_pb2

BATCH_EXAMPLES = 64
"""Examples that a model is given at once."""


def custom_extractors(
    eval_shared_model: Any, eval_config: config_pb2.EvalConfig, tensor_adapter_config: Any
) -> list[extractor.Extractor]:
    """Returns TFMA's default extractors after one that cuts; TFX's executor asks by this name.

    Args:
      eval_shared_model: the candidate, or it and the baseline.
      eval_config: names label and prediction.
      tensor_adapter_config: how examples become tensors, None for TFMA's own way.
    """
    return [
        extractor.Extractor("CutBatches", beam.FlatMap(cut_batch)),
        *tfma.default_extractors(
            eval_shared_model=eval_shared_model,
            eval_config=eval_config,
            tensor_adapter_config=tensor_adapter_config,
        ),
    ]


def cut_batch(extracts: tfma.Extracts) -> Iterator[tfma.Extracts]:
    """Yields the record batch of extracts in pieces of at most `BATCH_EXAMPLES`."""
    batch = extracts[tfma.ARROW_RECORD_BATCH_KEY]
    for first in range(0, batch.num_rows, BATCH_EXAMPLES):
        yield extracts | {tfma.ARROW_RECORD_BATCH_KEY: batch.slice(first, BATCH_EXAMPLES)}
