"""Loss and F1 on the validation pages, as the epochs go by."""

import keras
import tensorflow as tf

from schema import line_bands
from trainer_module.detector_loss import DetectorLoss
from trainer_module.networks.fcn import STRIDE
from trainer_module.page_input import draw_maps
from trainer_module.tasks.base import ValidationResult
from transforms.box_matching import match_boxes
from transforms.line_boxes import find_lines


class PageValidator:
    """Looks for the lines of whole pages: 1 - F1 over all of them.

    Args:
      model: the network.
      pages: as `page_input.validation_pages` makes them.
    """

    def __init__(self, model: keras.Model, pages: tf.data.Dataset) -> None:
        self._pages, loss = pages, DetectorLoss()

        @tf.function(input_signature=pages.element_spec)
        def look(page: tf.Tensor, bands: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            seen = model(page[tf.newaxis], training=False)
            maps = draw_maps(bands, tf.shape(page)[0], tf.shape(page)[1])
            return loss(maps[tf.newaxis], seen), find_lines(seen[0], STRIDE)[0]

        self._look = look

    def validate(self) -> ValidationResult:
        """Looks at every page once."""
        loss, pages, hits, total = 0.0, 0, 0, 0
        for page, bands in self._pages:
            page_loss, boxes = self._look(page, bands)
            rows = bands.numpy()
            counted = rows[:, line_bands.COUNTED] > 0
            there, ignored = rows[counted, line_bands.BOX], rows[~counted, line_bands.BOX]
            matching = match_boxes(boxes.numpy(), there, ignored)
            loss, pages = loss + float(page_loss), pages + 1
            hits += matching.hits
            total += matching.boxes + matching.lines
        # Without any line on any page nothing was missed.
        return ValidationResult(loss / pages, 1.0 - 2 * hits / total if total else 0.0)
