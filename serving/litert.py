"""Writes a trained line network as a LiteRT model, for machines without TensorFlow.

Beside `serving.export`, from the same network. The model is converted from a SavedModel of one
fixed shape, with built-in operators only, and runs on real lines before it is written: numbers or
texts that differ from the network's are an error, and nothing is written.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from schema.alphabet import BLANK, Alphabet
from schema.errors import InputError
from serving.litert_reader import LINE, LOGITS, WIDTH, LiteRtReader
from serving.signatures import SERVING_DEFAULT
from transforms.ctc_numpy import decode_greedy
from transforms.image import LINE_HEIGHT
from transforms.tracing import traced


class ParityError(Exception):
    """The converted model does not compute what the network computes."""


@dataclass(frozen=True)
class LiteRtOptions:
    """How a network is converted, and how much it may differ.

    Args:
      columns: width of the widest line that the model takes; every line costs as much as it.
      quantise: whether weights are stored in 8 bits: a model of a third of the size, whose logits
        differ in the first decimal.
      max_difference: of any logit; 0.001 is some hundred times what float32 rounding makes.
      max_other_texts: share of the lines that may read otherwise.
    """

    columns: int = 1024
    quantise: bool = False
    max_difference: float = 1e-3
    max_other_texts: float = 0.0


QUANTISED = LiteRtOptions(quantise=True, max_difference=2.0, max_other_texts=0.05)
"""8-bit weights, with the differences that they bring."""


@dataclass(frozen=True)
class Parity:
    """How a converted model compares with its network on real lines.

    Args:
      lines: compared.
      difference: the largest of any logit.
      other_texts: lines that read otherwise.
    """

    lines: int
    difference: float
    other_texts: int


def export_litert(
    network: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    variables: Sequence[tf.Variable],
    alphabet: Alphabet,
    lines: Sequence[np.ndarray],
    path: Path,
    options: LiteRtOptions = LiteRtOptions(),
) -> Parity:
    """Converts, compares and writes.

    Args:
      network: the `serving.export.LineNetwork`.
      variables: every variable that it reads.
      alphabet: the symbols of its classes.
      lines: normalised lines to compare on, float32 [LINE_HEIGHT, w] each; wider ones than the
        model takes are left out.
      path: the file to write.
      options: of the conversion.

    Raises:
      InputError: no line is narrow enough to compare on.
      ParityError: the model differs from the network; nothing is written.
    """
    fitting = [line for line in lines if line.shape[1] <= options.columns]
    if not fitting:
        raise InputError(
            f"expected lines of at most {options.columns} columns to compare on, got none: "
            "export with more columns"
        )
    model = _convert(network, variables, options)
    parity = _compare(network, LiteRtReader(model, alphabet), fitting)
    # Negated, so that a difference that is no number fails as well.
    if not (
        parity.difference <= options.max_difference
        and parity.other_texts <= options.max_other_texts * parity.lines
    ):
        raise ParityError(
            f"expected logits within {options.max_difference:g} and at most "
            f"{options.max_other_texts:.0%} other texts, got {parity}: {path} is not written"
        )
    path.write_bytes(model)
    return parity


def _convert(
    network: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    variables: Sequence[tf.Variable],
    options: LiteRtOptions,
) -> bytes:
    # Of fixed shape, since LiteRT's loops need one; traced anew, for a saved trace has none.
    @traced(
        input_signature=[
            tf.TensorSpec([1, LINE_HEIGHT, options.columns, 1], tf.float32, name=LINE),
            tf.TensorSpec([1], tf.int32, name=WIDTH),
        ]
    )
    def read(line: tf.Tensor, width: tf.Tensor) -> dict[str, tf.Tensor]:
        return {LOGITS: network(line, width)}

    module = tf.Module()
    module.network_variables = list(variables)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures={SERVING_DEFAULT: read})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if options.quantise:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        model: bytes = converter.convert()
    return model


def _compare(
    network: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    reader: LiteRtReader,
    lines: Sequence[np.ndarray],
) -> Parity:
    """Runs both: the network on each line as it is, the model on the padded one."""
    differences, other_texts = [], 0
    for line in lines:
        expected = network(line[np.newaxis, :, :, np.newaxis], tf.constant([line.shape[1]]))
        wanted = np.asarray(expected)[0]  # [t, classes]
        got = reader.logits(line)
        differences.append(np.abs(got[: len(wanted)] - wanted).max())
        other_texts += _best_path(got) != _best_path(wanted)
    return Parity(len(lines), float(np.max(differences)), other_texts)


def _best_path(logits: np.ndarray) -> list[int]:
    classes = decode_greedy(logits)[0]
    return classes[classes != BLANK].tolist()
