"""A tiny data set in EMNIST's layout, for tests that need glyphs but not handwriting."""

import os
import string

import numpy as np
import pytest

from pipeline.ingest.emnist_files import FILE_SPLITS, IMAGES_NAME, LABELS_NAME, MAPPING_NAME
from pipeline.ingest.idx import write_idx

# Before any test imports TensorFlow: it tells of missing GPUs as errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

CLASSES = string.digits + string.ascii_uppercase + string.ascii_lowercase


@pytest.fixture(scope="session")
def glyph_folder(tmp_path_factory):
    """120 training and 4 test glyphs of each of the 62 classes: noise, but all different."""
    folder = tmp_path_factory.mktemp("glyphs")
    rng = np.random.default_rng(0)
    for split, per_class in zip(FILE_SPLITS, (120, 4), strict=True):
        labels = np.repeat(np.arange(len(CLASSES), dtype=np.uint8), per_class)
        images = np.zeros((len(labels), 28, 28), np.uint8)
        images[:, 6:22, 6:22] = rng.integers(0, 256, (len(labels), 16, 16))
        write_idx(folder / IMAGES_NAME.format(name="tiny", split=split), images)
        write_idx(folder / LABELS_NAME.format(name="tiny", split=split), labels)
    mapping = "".join(f"{label} {ord(character)}\n" for label, character in enumerate(CLASSES))
    (folder / MAPPING_NAME.format(name="tiny")).write_text(mapping)
    return folder
