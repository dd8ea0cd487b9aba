"""Reads lines with a LiteRT model: no TensorFlow, where the package `ai-edge-litert` is there.

The client's side of `serving.litert`, for AWS Lambda, telephones and small boards. The model holds
the network; normalising and spelling happen here, with the NumPy twins of what served models hold.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from schema.alphabet import Alphabet
from schema.errors import InputError
from transforms.decoding_numpy import LineDecoder
from transforms.image_numpy import LINE_HEIGHT, decode_image, normalise_line
from transforms.line_decoding import LineDecoding

LINE = "line"
"""Input of the model: float32 [1, LINE_HEIGHT, columns, 1] in 0..1, padded with paper (0)."""
WIDTH = "width"
"""Input of the model: int32 [1], columns before padding."""
LOGITS = "logits"
"""Output of the model: float32 [1, t, classes], the padding's frames as certain blanks."""


@dataclass(frozen=True)
class LineReading:
    """What a model reads in one picture.

    Args:
      text: the reading.
      confidence: from 0 to 1, that all of it is right.
      character_confidences: for each of its characters, from 0 to 1.
    """

    text: str
    confidence: float
    character_confidences: tuple[float, ...]


class LiteRtReader:
    """A line recogniser on the LiteRT interpreter.

    Args:
      model: the content of a `.tflite` file made by `serving.litert`.
      alphabet: of the network's classes.
      decoding: how its logits become text; without one greedily, and as sure as it says.

    Raises:
      InputError: the model takes or gives something else.
    """

    def __init__(
        self, model: bytes, alphabet: Alphabet, decoding: LineDecoding | None = None
    ) -> None:
        self._alphabet = alphabet
        self._decoder = LineDecoder(decoding or LineDecoding(), alphabet.num_classes)
        self._interpreter = make_interpreter(model)
        self._run = self._interpreter.get_signature_runner()
        inputs, outputs = self._run.get_input_details(), self._run.get_output_details()
        if set(inputs) != {LINE, WIDTH} or set(outputs) != {LOGITS}:
            raise InputError(
                f"expected a model from {LINE} and {WIDTH} to {LOGITS}, got one from "
                f"{sorted(inputs)} to {sorted(outputs)}: export a line model"
            )
        if outputs[LOGITS]["shape"][-1] != alphabet.num_classes:
            raise InputError(
                f"expected a model of {alphabet.num_classes} classes, got one of "
                f"{outputs[LOGITS]['shape'][-1]}: give the alphabet that came with the model"
            )
        self.columns = int(inputs[LINE]["shape"][2])
        """Width of the widest line that the model takes."""

    def logits(self, line: np.ndarray) -> np.ndarray:
        """Runs the network: float32 [LINE_HEIGHT, w], w <= columns -> float32 [t, classes]."""
        width = line.shape[1]
        padded = np.zeros((1, LINE_HEIGHT, self.columns, 1), np.float32)
        padded[0, :, :width, 0] = line
        outputs: dict[str, np.ndarray] = self._run(
            **{LINE: padded, WIDTH: np.array([width], np.int32)}
        )
        return outputs[LOGITS][0]

    def read(self, image_bytes: bytes, name: str) -> LineReading:
        """Reads one picture, PNG or JPEG of up to `MAX_PIXELS`; `name` is told in messages.

        Raises:
          InputError: no picture, or a line too long for the model.
        """
        line = normalise_line(decode_image(image_bytes, name))
        if line.shape[1] > self.columns:
            raise InputError(
                f"expected a line of at most {self.columns} columns at {LINE_HEIGHT} pixels' "
                f"height, got {line.shape[1]} in {name}: cut it in two, or export with more columns"
            )
        reading = self._decoder.read(self.logits(line))
        text = self._alphabet.decode(reading.classes)
        return LineReading(text, reading.confidence, tuple(reading.character_confidences))


def load_litert(
    model_file: Path, alphabet: Alphabet, decoding: LineDecoding | None = None
) -> LiteRtReader:
    """Loads a `.tflite` file; the rest is as in `LiteRtReader`.

    Raises:
      InputError: there is no such model.
    """
    try:
        return LiteRtReader(model_file.read_bytes(), alphabet, decoding)
    except (OSError, ValueError) as error:
        raise InputError(
            f"expected a LiteRT model, got {model_file} ({error}): name a .tflite file"
        ) from None


def make_interpreter(model: bytes) -> Any:
    """Makes LiteRT's interpreter of its own package, or of TensorFlow where that is missing."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tensorflow.lite.python.interpreter import Interpreter
    return Interpreter(model_content=model)
