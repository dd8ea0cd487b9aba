"""Generated data: a tiny data set in EMNIST's layout, and a copy of IAM's form.

Neither holds handwriting, and nothing of EMNIST or IAM is in them.
"""

import os
import string
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import hypothesis
import numpy as np
import pytest
from PIL import Image

from pipeline.ingest.emnist_files import FILE_SPLITS, IMAGES_NAME, LABELS_NAME, MAPPING_NAME
from pipeline.ingest.idx import write_idx
from tests.pipeline.buckets.stores import gcs_store, moto_url, s3_store, store

__all__ = ["gcs_store", "moto_url", "s3_store", "store"]

# Before any test imports TensorFlow: it tells of missing GPUs as errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Hypothesis' limit of 200 ms tells of a busy machine, not of the code.
hypothesis.settings.register_profile("busy", deadline=None)
hypothesis.settings.load_profile("busy")

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


SHARED_SENTENCE = "abba cab dad."
IAM_TASK = "largeWriterIndependentTextLineRecognitionTask"


@dataclass(frozen=True)
class IamForm:
    """A form of the generated copy: its writer, the list it is in, and its lines."""

    form_id: str
    writer: str
    split: str
    texts: tuple[str, ...]

    @property
    def size(self):
        return 900, 240 + 80 * len(self.texts)  # width, height

    @property
    def line_ids(self):
        return [f"{self.form_id}-{number:02}" for number in range(len(self.texts))]

    def box(self, number):
        return 60, 200 + 80 * number, 40 * len(self.texts[number]), 56  # x, y, width, height

    def xml(self):
        rows = [
            f'<form height="{self.size[1]}" id="{self.form_id}" width="{self.size[0]}"'
            f' writer-id="{self.writer}"><handwritten-part>'
        ]
        for number, (line_id, text) in enumerate(zip(self.line_ids, self.texts, strict=True)):
            x, y, width, height = self.box(number)
            rows.append(
                f'<line id="{line_id}" segmentation="ok" text={quoteattr(text)}>'
                f'<word id="w" text="w"><cmp x="{x}" y="{y}" width="{width}" height="{height}"/>'
                "</word></line>"
            )
        return '<?xml version="1.0"?>' + "".join(rows) + "</handwritten-part></form>"

    def rows(self):
        """Its rows of lines.txt."""
        for number, (line_id, text) in enumerate(zip(self.line_ids, self.texts, strict=True)):
            box = " ".join(map(str, self.box(number)))
            yield f"{line_id} ok 154 3 {box} {text.replace(' ', '|')}"

    def write_pictures(self, folder, rng):
        page = np.full(self.size[::-1], 215, np.uint8)
        place = folder / "lines" / self.form_id[:3] / self.form_id
        place.mkdir(parents=True)
        for number, (line_id, text) in enumerate(zip(self.line_ids, self.texts, strict=True)):
            picture, (x, y, width, height) = draw_letters(text, rng), self.box(number)
            page[y : y + height, x : x + width] = picture
            Image.fromarray(picture).save(place / f"{line_id}.png")
        Image.fromarray(page).save(folder / "formsA-D" / f"{self.form_id}.png")


def draw_letters(text, rng):
    """Draws each letter as a dark bar at its own height, on light and noisy paper."""
    line = np.full((56, 40 * len(text)), 215) + rng.integers(-20, 20, (56, 40 * len(text)))
    for position, letter in enumerate(text):
        if letter in "abcd":
            top = 8 + 10 * "abcd".index(letter)
            line[top : top + 6, 40 * position + 8 : 40 * position + 32] = 40
    return line.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def iam_copy(tmp_path_factory):
    """40 forms by 40 writers in the official split; a training form has a sentence of test."""
    folder = tmp_path_factory.mktemp("iam")
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcd"), rng.integers(3, 7))) for _ in range(400)]
    lists = ["trainset"] * 28 + ["validationset1"] * 2 + ["validationset2"] * 2 + ["testset"] * 8
    for part in ("ascii", "xml", "formsA-D", IAM_TASK):
        (folder / part).mkdir()
    forms = []
    for number, split in enumerate(lists):
        texts = [" ".join(rng.choice(words, 3)) + "." for _ in range(3)]
        if number in (0, len(lists) - 1):
            texts.append(SHARED_SENTENCE)
        form = IamForm(f"a{number // 10:02}-{number:03}u", f"{number:03}", split, tuple(texts))
        form.write_pictures(folder, rng)
        (folder / "xml" / f"{form.form_id}.xml").write_text(form.xml())
        forms.append(form)
    rows = (row for form in forms for row in form.rows())
    (folder / "ascii" / "lines.txt").write_text("#--- lines.txt ---#\n" + "\n".join(rows) + "\n")
    for name in dict.fromkeys(lists):
        ids = (line_id for form in forms if form.split == name for line_id in form.line_ids)
        (folder / IAM_TASK / f"{name}.txt").write_text("\n".join(ids) + "\n")
    return folder
