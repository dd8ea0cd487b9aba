"""Loss and F1 on the validation pages, as the epochs go by."""

import keras
import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw

from schema import line_bands
from trainer_module.detector_loss import DetectorLoss
from trainer_module.networks.fcn import STRIDE
from trainer_module.page_input import draw_maps
from trainer_module.tasks.base import ValidationResult
from trainer_module.tracking.tracker import ExampleReading
from transforms.box_matching import match_boxes
from transforms.line_boxes import find_lines
from transforms.tracing import traced

SHOWN = 4
"""Pages that trackers show with the boxes that were found."""

_OUTLINE = 96  # grey


class PageValidator:
    """Looks for the lines of whole pages: 1 - F1 over all of them.

    Args:
      model: the network.
      pages: as `page_input.validation_pages` makes them.
    """

    def __init__(self, model: keras.Model, pages: tf.data.Dataset) -> None:
        self._pages, loss = pages, DetectorLoss()

        @traced(input_signature=pages.element_spec)
        def look(page: tf.Tensor, bands: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            seen = model(page[tf.newaxis], training=False)
            maps = draw_maps(bands, tf.shape(page)[0], tf.shape(page)[1])
            return loss(maps[tf.newaxis], seen), find_lines(seen[0], STRIDE)[0]

        self._look = look

    def validate(self) -> ValidationResult:
        """Looks at every page once."""
        loss, pages, hits, total = 0.0, 0, 0, 0
        shown: list[ExampleReading] = []
        for page, bands in self._pages:
            page_loss, boxes = self._look(page, bands)
            rows = bands.numpy()
            counted = rows[:, line_bands.COUNTED] > 0
            there, ignored = rows[counted, line_bands.BOX], rows[~counted, line_bands.BOX]
            matching = match_boxes(boxes.numpy(), there, ignored)
            loss, pages = loss + float(page_loss), pages + 1
            if len(shown) < SHOWN:
                shown.append(_show(page.numpy()[:, :, 0], there, boxes.numpy()))
            hits += matching.hits
            total += matching.boxes + matching.lines
        # Without any line on any page nothing was missed.
        error = 1.0 - 2 * hits / total if total else 0.0
        return ValidationResult(loss / pages, error, tuple(shown))


def _show(page: np.ndarray, there: np.ndarray, found: np.ndarray) -> ExampleReading:
    """Draws the boxes that were found, [n, 4] of ymin xmin ymax xmax, onto a page of ink 0..1."""
    picture = Image.fromarray((255 - np.rint(255 * page)).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for ymin, xmin, ymax, xmax in found:
        pen.rectangle((xmin, ymin, xmax, ymax), outline=_OUTLINE, width=2)
    return ExampleReading(np.asarray(picture), f"{len(there)} lines", f"{len(found)} lines")
