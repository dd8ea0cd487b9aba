"""What Beam's workers run while pages are ingested: one page at a time, read or generated.

Between the plan and the ExampleGen's output. Imports neither TensorFlow nor TFX, which would cost
each worker process many seconds at its start.
"""

from collections.abc import Iterator
from dataclasses import replace

import apache_beam as beam
import numpy as np

from pipeline.buckets.bucket import StoredObject
from pipeline.ingest.data_folder import DataFolder
from pipeline.ingest.example_bytes import serialise_example
from pipeline.ingest.iam_forms import read_iam_pages
from pipeline.ingest.page_plan import PageUnit
from pipeline.ingest.pages.bands import page_bands
from pipeline.ingest.pages.generated import generate_pages
from pipeline.ingest.pages.reader import decode_page
from pipeline.ingest.record_spool import encode_png
from pipeline.ingest.records import PageRecord, Problems, tell_problems
from schema import features, line_bands
from schema.line_texts import pack_texts
from transforms.image_facts import measure_image

_QUICK = 1  # PNG's effort; more takes seconds a page and saves little


class MakePages(beam.DoFn):
    """Yields the serialised example of each planned page, tagged with its split.

    A page whose picture turns out to be broken is left out, and named on standard error.

    Args:
      data: the folder of the archive, if there is one.
      ignored: types of lines that are not judged.
      seed: decides what generated pages look like.
    """

    def __init__(self, data: DataFolder, ignored: frozenset[str], seed: int) -> None:
        super().__init__()
        self._data, self._ignored, self._seed = data, ignored, seed

    def process(self, unit: PageUnit) -> Iterator[beam.pvalue.TaggedOutput]:
        """Yields one page."""
        for page in self._read(unit):
            example = page_example(page, unit.split, self._ignored)
            yield beam.pvalue.TaggedOutput(unit.split, example)

    def _read(self, unit: PageUnit) -> Iterator[PageRecord]:
        if unit.survey is None:
            yield from generate_pages(1, self._seed, unit.number)
            return
        problems = Problems(tolerated_share=1.0)
        with self._data.open(unit.versions) as folder:
            image = folder / unit.survey.image_path.relative_to(self._data.folder)
            page = decode_page(replace(unit.survey, image_path=image), problems)
        if page is None:
            tell_problems(problems.found)
        else:
            yield page


class ReadForms(beam.DoFn):
    """Yields the serialised example of each of IAM's forms, tagged with its split.

    One worker reads them all, one in memory at a time: inside an archive no other can begin.

    Args:
      data: the folder of the copy.
      split_scheme: "lwitlrt" or "aachen".
      tolerated_share: of the forms that may be unusable, 0..1.
    """

    def __init__(self, data: DataFolder, split_scheme: str, tolerated_share: float) -> None:
        super().__init__()
        self._data = data
        self._split_scheme, self._tolerated_share = split_scheme, tolerated_share

    def process(self, versions: tuple[StoredObject, ...]) -> Iterator[beam.pvalue.TaggedOutput]:
        """Yields one form at a time.

        Args:
          versions: of all files, where workers read them from a bucket.
        """
        problems = Problems(self._tolerated_share)
        with self._data.open(versions) as folder:
            for page in read_iam_pages(folder, self._split_scheme, problems):
                split = str(page.split)
                yield beam.pvalue.TaggedOutput(split, page_example(page, split, frozenset()))
        tell_problems(problems.found)


def page_example(page: PageRecord, split: str, ignored: frozenset[str]) -> bytes:
    """Builds and serialises the ingested example of a page.

    Args:
      page: the page.
      split: its split, part of its sample id.
      ignored: types of lines that are not judged.
    """
    unjudged = {line.line_id for line in page.lines if line.line_type in ignored}
    bands = page_bands(page, unjudged)
    boxes = bands[bands[:, line_bands.COUNTED] > 0, line_bands.BOX]
    heights = boxes[:, 2] - boxes[:, 0]
    facts = measure_image(page.image)
    return serialise_example(
        {
            features.SAMPLE_ID: f"{split}/{page.page_id}",
            features.SOURCE: page.source,
            features.WRITER: page.writer or "",
            features.LINE_COUNT: len(boxes),
            features.TYPICAL_HEIGHT: float(np.median(heights)) / max(page.image.shape)
            if len(boxes)
            else 0.0,
            features.IMAGE_HEIGHT: facts.height,
            features.IMAGE_WIDTH: facts.width,
            features.ASPECT: facts.aspect,
            features.INK_RATIO: facts.ink_ratio,
            features.BRIGHTNESS_MEAN: facts.brightness_mean,
            features.BRIGHTNESS_DEVIATION: facts.brightness_deviation,
            features.SHARPNESS: facts.sharpness,
            features.LINE_BANDS: line_bands.pack_rows(bands),
            features.LINE_TEXTS: pack_texts(line.text for line in page.lines),
            features.IMAGE: encode_png(page.image, _QUICK),
        }
    )
