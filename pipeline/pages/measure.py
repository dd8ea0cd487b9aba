"""Has test pages read by servables and tells how much of their text came out wrong.

Called by `trial.py` before a page servable is pushed. Pages are taken as they were ingested,
at the resolution at which users send them, and not as Transform scales them for the detector.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from pipeline.pages.error_rate import PageEdits, ReadPage, TruePage, count_page_edits
from pipeline.pages.gate import MeasuredPage
from schema import features, line_bands
from schema.line_texts import unpack_texts
from serving.signatures import BOXES, COUNT, IMAGE_BYTES, SERVING_DEFAULT, TEXTS
from transforms.slices import cluster_of

_log = logging.getLogger(__name__)

Reader = Callable[[bytes], ReadPage]
"""An encoded picture -> what was read."""


@dataclass(frozen=True)
class WrittenPage:
    """A page of the test split.

    Args:
      sample_id: names it.
      cluster: as of `schema.features.CLUSTER`.
      image: PNG, as photographed.
      truth: what is on it.
    """

    sample_id: str
    cluster: str
    image: bytes
    truth: TruePage


def measure_pages(examples: Path, readers: Sequence[Reader]) -> list[MeasuredPage]:
    """Has every page read by each of the readers, one page in memory at a time.

    Args:
      examples: folder of the ingested examples of a split.
      readers: the servables that are compared.
    """
    return [
        MeasuredPage(
            page.sample_id,
            page.cluster,
            tuple(_read_and_count(page, read) for read in readers),
        )
        for page in load_pages(examples)
    ]


def _read_and_count(page: WrittenPage, read: Reader) -> PageEdits:
    try:
        reading = read(page.image)
    except tf.errors.InvalidArgumentError as error:
        _log.warning("%s was refused, and counts as not read: %s", page.sample_id, error.message)
        reading = ReadPage(np.zeros([0, 4]), [])
    return count_page_edits(page.truth, reading)


def load_pages(examples: Path) -> Iterator[WrittenPage]:
    """Yields the blank pages of a split, and those of which a judged line has a known text."""
    paths = sorted(str(path) for path in examples.glob("*.gz"))
    for record in tf.data.TFRecordDataset(paths, "GZIP").as_numpy_iterator():
        page = parse_page(record)
        if page.truth.text or not page.truth.texts:
            yield page


def parse_page(serialised: bytes) -> WrittenPage:
    """Takes a page out of its ingested example.

    Examples made before texts travelled along have lines whose texts are not known.
    """
    feature = tf.train.Example.FromString(serialised).features.feature

    def value(key: str) -> bytes:
        return feature[key].bytes_list.value[0]

    rows = line_bands.unpack_rows(value(features.LINE_BANDS))
    texts = [""] * len(rows)
    if features.LINE_TEXTS in feature:
        texts = unpack_texts(value(features.LINE_TEXTS).decode(), len(rows))
    named_by = (value(features.SOURCE), value(features.WRITER), b"", value(features.SAMPLE_ID))
    return WrittenPage(
        sample_id=value(features.SAMPLE_ID).decode(),
        cluster=cluster_of(*map(tf.constant, named_by)).numpy().decode(),
        image=value(features.IMAGE),
        truth=TruePage.from_rows(rows, texts),
    )


def load_reader(servable: Path) -> Reader:
    """Loads a page servable to be asked through its own signature.

    Raises:
      OSError, ValueError: there is no servable.
    """
    model = tf.saved_model.load(str(servable))
    if SERVING_DEFAULT not in model.signatures:
        raise ValueError(f"expected a signature {SERVING_DEFAULT} in {servable}, got none")

    def read(image: bytes) -> ReadPage:
        # Through the model, which keeps its variables alive.
        outputs = model.signatures[SERVING_DEFAULT](**{IMAGE_BYTES: tf.constant([image])})
        count = int(outputs[COUNT][0])
        texts = [text.decode() for text in outputs[TEXTS][0, :count].numpy()]
        return ReadPage(outputs[BOXES][0, :count].numpy(), texts)

    return read
