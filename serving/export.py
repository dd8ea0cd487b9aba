"""Writes a trained network as the SavedModel that TensorFlow Serving loads.

Between the Trainer and the Pusher. The picture goes through the very normalisation that
training used, and the reading comes out: a client needs no code of this project.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import tensorflow as tf

from schema import features
from schema.alphabet import Alphabet
from serving.model_folder import ALPHABET_FILE, EXTRA_ASSETS, MODEL_CARD_FILE, WARMUP_FILE
from serving.signatures import (
    CHARACTER_CONFIDENCES,
    CONFIDENCE,
    EXAMPLES,
    FEATURES,
    IMAGE_BYTES,
    SERVING_DEFAULT,
    SERVING_EXAMPLES,
    TEXT,
)
from transforms.decoding import read_logits
from transforms.image import LINE_HEIGHT, normalise_line, read_lines
from transforms.line_decoding import LineDecoding
from transforms.text import decode_classes
from transforms.tracing import traced

LineNetwork = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""(lines float32 [n, LINE_HEIGHT, w, 1], widths int32 [n]) -> logits float32 [n, t, classes]."""

LineDescriber = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""(lines float32 [n, LINE_HEIGHT, w, 1], widths int32 [n]) -> features float32 [n, d]."""


class Servable(Protocol):
    """A `tf.Module` with the functions of its signatures by name."""

    servable: dict[str, Any]


class LineReader(tf.Module):
    """A line recogniser from picture bytes to text, with the signatures of `docs/design.md`.

    `normalise` and `read_normalised` are the two halves of a reading. They are saved as well, so
    that a page reader cuts lines out of a page without encoding them as pictures again, and
    normalises them as this very model was trained. `logits` is the network alone, for other
    formats and decoders.

    Args:
      network: the trained network's forward pass.
      variables: every variable that `network` reads. They are held raw, for loaders in the
        manner of TensorFlow 1 do not find those inside a Keras 3 model.
      alphabet: the symbols of its classes.
      decoding: how its logits become text; without one greedily, and as sure as it says.
      describe: what monitoring tells lines apart by; without one there is no signature `FEATURES`.
    """

    def __init__(
        self,
        network: LineNetwork,
        variables: Sequence[tf.Variable],
        alphabet: Alphabet,
        decoding: LineDecoding | None = None,
        describe: LineDescriber | None = None,
    ) -> None:
        super().__init__(name="line_reader")
        self._network_variables = list(variables)
        fitted = decoding or LineDecoding()

        @traced(input_signature=[tf.TensorSpec([None, None], tf.uint8)])
        def normalise(image: tf.Tensor) -> tf.Tensor:
            return normalise_line(image)

        batch = [
            tf.TensorSpec([None, LINE_HEIGHT, None, 1], tf.float32),
            tf.TensorSpec([None], tf.int32),
        ]

        @traced(input_signature=batch)
        def logits(lines: tf.Tensor, widths: tf.Tensor) -> tf.Tensor:
            return network(*_at_least_one(lines, widths))[: tf.shape(lines)[0]]

        @traced(input_signature=batch)
        def read_normalised(lines: tf.Tensor, widths: tf.Tensor) -> dict[str, tf.Tensor]:
            readings = read_logits(logits(lines, widths), fitted)
            return {
                TEXT: decode_classes(readings.classes, alphabet),
                CONFIDENCE: readings.confidence,
                CHARACTER_CONFIDENCES: readings.character_confidences,
            }

        def read(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            return read_normalised(*read_lines(image_bytes))

        self.normalise = normalise
        self.logits = logits
        self.read_normalised = read_normalised
        self.servable = make_signatures(read)
        if describe is not None:
            self.servable[FEATURES] = _make_features(describe)


def _make_features(describe: LineDescriber) -> Any:
    @traced(input_signature=[tf.TensorSpec([None], tf.string, name=IMAGE_BYTES)])
    def features_of(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        described = describe(*_at_least_one(*read_lines(image_bytes)))
        return {FEATURES: described[: tf.size(image_bytes)]}

    return features_of


def _at_least_one(lines: tf.Tensor, widths: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Puts a blank line into an empty batch, on which oneDNN's convolutions fail."""
    none = tf.cast(tf.equal(tf.shape(lines)[0], 0), tf.int32)
    lines = tf.pad(lines, [[0, none], [0, 0], [0, 0], [0, 0]])
    return lines, tf.pad(widths, [[0, none]], constant_values=1)


def make_signatures(read: Callable[[tf.Tensor], dict[str, tf.Tensor]]) -> dict[str, Any]:
    """Makes the signatures for clients and for the pipeline.

    Args:
      read: pictures, string [n] -> outputs by name.
    """

    @traced(input_signature=[tf.TensorSpec([None], tf.string, name=IMAGE_BYTES)])
    def serving_default(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        return read(image_bytes)

    @traced(input_signature=[tf.TensorSpec([None], tf.string, name=EXAMPLES)])
    def serving_examples(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {features.IMAGE: tf.io.FixedLenFeature([], tf.string)}
        return read(tf.io.parse_example(examples, spec)[features.IMAGE])

    return {SERVING_DEFAULT: serving_default, SERVING_EXAMPLES: serving_examples}


def export_servable(
    reader: Servable,
    folder: Path,
    alphabet: Alphabet | None,
    model_card: dict[str, object],
    warmup_images: Sequence[bytes],
) -> None:
    """Writes the SavedModel and what travels with it.

    Args:
      reader: the module with its signatures.
      folder: made here; holds the SavedModel.
      alphabet: written beside it, where it reads symbols.
      model_card: what it is and was made from, written beside it.
      warmup_images: pictures that the server reads before it takes requests.
    """
    tf.saved_model.save(reader, str(folder), signatures=reader.servable)
    write_extra_assets(folder, alphabet, model_card, warmup_images)


def write_extra_assets(
    folder: Path,
    alphabet: Alphabet | None,
    model_card: dict[str, object],
    warmup_images: Sequence[bytes],
) -> None:
    """Writes what travels with a SavedModel; the arguments are those of `export_servable`."""
    extra = folder / EXTRA_ASSETS
    extra.mkdir(exist_ok=True)
    if alphabet is not None:
        _write_json(extra / ALPHABET_FILE, {"symbols": alphabet.symbols})
    _write_json(extra / MODEL_CARD_FILE, model_card)
    write_warmup_requests(extra / WARMUP_FILE, warmup_images)


def write_warmup_requests(path: Path, images: Sequence[bytes]) -> None:
    """Writes TensorFlow Serving's warm-up file: one Predict request a picture."""
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    with tf.io.TFRecordWriter(str(path)) as writer:
        for image in images:
            request = predict_pb2.PredictRequest()
            request.model_spec.signature_name = SERVING_DEFAULT
            request.inputs[IMAGE_BYTES].CopyFrom(tf.make_tensor_proto([image], tf.string))
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())


def read_warmup_images(folder: Path) -> list[bytes]:
    """Returns the pictures of a SavedModel's warm-up requests; none where it has no such file."""
    from tensorflow_serving.apis import prediction_log_pb2

    path = folder / EXTRA_ASSETS / WARMUP_FILE
    if not path.is_file():
        return []
    logs = map(
        prediction_log_pb2.PredictionLog.FromString,
        tf.data.TFRecordDataset(str(path)).as_numpy_iterator(),
    )
    return [log.predict_log.request.inputs[IMAGE_BYTES].string_val[0] for log in logs]


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
