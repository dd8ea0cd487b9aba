"""Writes the servable that reads pages, from a pushed detector and a pushed line recogniser.

Called by `serving.compose_page` and, after a push, by the pipeline. What was written is loaded and
asked the way TensorFlow Serving does before it becomes a version.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from schema.errors import InputError
from serving.export import export_servable, read_warmup_images
from serving.model_folder import (
    ALPHABET_FILE,
    DETECTOR_PARENT,
    EXTRA_ASSETS,
    LINES_PARENT,
    MODEL_CARD_FILE,
    PARENT_PATH,
    SHA256,
    add_version,
    find_model,
    hash_model,
    read_alphabet,
)
from serving.page_reader import PageReader
from serving.server.servable import Servable
from serving.signatures import BOXES, COUNT, IMAGE_BYTES, SERVING_DEFAULT

WARMUP_PAGES = 2
"""Pages that the server reads before it takes requests; one takes as long as a request."""


def compose_page(detector: Path, lines: Path, base_path: Path) -> Path:
    """Adds a version of the page servable.

    Args:
      detector: a SavedModel that gives `BOXES` and `COUNT`, or the folder of its versions.
      lines: a SavedModel of `serving.export.LineReader`, or the folder of its versions.
      base_path: the folder that the model server watches.

    Returns:
      the version's folder.

    Raises:
      InputError: a parent is missing or is another kind of model.
    """
    detector, lines = find_model(detector), find_model(lines)
    reader = PageReader(_load_detector(detector), _load_line_reader(lines))
    warmup = (read_warmup_images(detector) or read_warmup_images(lines))[:WARMUP_PAGES]
    alphabet = read_alphabet(lines / EXTRA_ASSETS / ALPHABET_FILE)
    card: dict[str, object] = {
        "reads": "pages of handwriting, as PNG or JPEG of any size, to boxes and texts of lines",
        DETECTOR_PARENT: _parent(detector),
        LINES_PARENT: _parent(lines),
    }

    def write(folder: Path) -> None:
        export_servable(reader, folder, alphabet, card, warmup)
        servable = Servable(folder)
        servable.predict(SERVING_DEFAULT, {IMAGE_BYTES: np.array(warmup, object)})
        servable.close()

    return add_version(base_path, write)


def _load_detector(folder: Path) -> Any:
    model = tf.saved_model.load(str(folder))
    signature = model.signatures.get(SERVING_DEFAULT)
    outputs = signature.structured_outputs if signature else {}
    if not {BOXES, COUNT} <= outputs.keys():
        raise InputError(
            f"expected a detector with outputs {BOXES} and {COUNT}, got {sorted(outputs)} in "
            f"{folder}: name the folder of a detector"
        )
    return model


def _load_line_reader(folder: Path) -> Any:
    model = tf.saved_model.load(str(folder))
    if not (hasattr(model, "normalise") and hasattr(model, "read_normalised")):
        raise InputError(
            f"expected a line model with the two halves of a reading, got none in {folder}: "
            "name the folder of a line model, and train an older one again"
        )
    return model


def _parent(folder: Path) -> dict[str, object]:
    card = folder / EXTRA_ASSETS / MODEL_CARD_FILE
    return {
        PARENT_PATH: str(folder.resolve()),
        SHA256: hash_model(folder),
        "model_card": json.loads(card.read_text(encoding="utf-8")) if card.is_file() else None,
    }
