"""Puts a detector and a line recogniser together: a servable that reads whole pages.

After both have been pushed; `serving.compose_page` writes it. The detector finds boxes, lines are
cut out at the page's full resolution, and the line recogniser's own normalisation and network
read them. All in one graph: a client needs no code of this project, and neither does the server.
"""

from typing import Any

import tensorflow as tf

from serving.export import make_signatures
from serving.signatures import (
    BOXES,
    CHARACTER_CONFIDENCES,
    CONFIDENCE,
    CONFIDENCES,
    COUNT,
    IMAGE_BYTES,
    SERVING_DEFAULT,
    TEXT,
    TEXTS,
)
from transforms.crop import box_extents, crop, ink_extent
from transforms.image import decode_image, line_width, stack_lines

MAX_PAGE_PIXELS = 100_000_000
"""Larger pages are refused before anything is computed on them: A3 at 600 dpi has 70 million."""

BATCH_LINES = 16
"""Lines that are read at once, at the most."""

BATCH_COLUMNS = 16_384
"""Columns that are read at once, unless one line has more: bounds memory on any page."""

NOTHING = -1.0
"""Pads every number where a page has fewer lines than another, or a line fewer characters."""


class PageReader(tf.Module):
    """Reads pages, with the signatures of `docs/design.md`.

    Args:
      detector: a loaded SavedModel whose `SERVING_DEFAULT` gives `BOXES` and `COUNT`.
      line_reader: a loaded SavedModel of `serving.export.LineReader`.
    """

    def __init__(self, detector: Any, line_reader: Any) -> None:
        super().__init__(name="page_reader")
        # Held, and so saved: the variables and tables of both.
        self._detector = detector
        self._line_reader = line_reader
        self.servable = make_signatures(self._read_pages)

    def _read_pages(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Reads pages one after the other, so that memory does not grow with their number."""
        corners, texts, confidences, characters = tf.map_fn(
            self._read_page,
            image_bytes,
            fn_output_signature=(
                tf.RaggedTensorSpec([None], tf.float32, ragged_rank=0),
                tf.RaggedTensorSpec([None], tf.string, ragged_rank=0),
                tf.RaggedTensorSpec([None], tf.float32, ragged_rank=0),
                tf.RaggedTensorSpec([None, None], tf.float32, ragged_rank=1),
            ),
            parallel_iterations=1,
        )
        padded = texts.to_tensor("")  # [N, M]
        return {
            BOXES: tf.reshape(corners.to_tensor(NOTHING), [*tf.unstack(tf.shape(padded)), 4]),
            TEXTS: padded,
            CONFIDENCES: confidences.to_tensor(NOTHING),
            CHARACTER_CONFIDENCES: characters.to_tensor(NOTHING),  # [N, M, longest]
            COUNT: tf.cast(texts.row_lengths(), tf.int32),
        }

    def _read_page(
        self, image_bytes: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.RaggedTensor]:
        """Reads one page: corners float32 [m * 4], texts string [m], confidences float32 [m].

        Last come those of the characters, float32 [m, longest], as a ragged tensor. The corners
        are laid flat since a batch of no pages keeps no inner shape.
        """
        page = decode_image(image_bytes)
        sized = tf.debugging.assert_less_equal(
            tf.size(page, tf.int64),
            tf.constant(MAX_PAGE_PIXELS, tf.int64),
            f"expected a page of at most {MAX_PAGE_PIXELS:,} pixels, got a larger one: "
            "scale it down",
        )
        with tf.control_dependencies([sized]):
            image_bytes = tf.identity(image_bytes)
        found = self._detector.signatures[SERVING_DEFAULT](**{IMAGE_BYTES: image_bytes[tf.newaxis]})
        boxes = found[BOXES][0, : found[COUNT][0]]  # [m, 4]
        extents = tf.map_fn(
            lambda extent: ink_extent(page, extent), box_extents(boxes, tf.shape(page))
        )
        texts, confidences, characters = self._read_extents(page, extents)
        return (
            tf.reshape(boxes, [-1]),
            texts,
            confidences,
            tf.RaggedTensor.from_tensor(characters),
        )

    def _read_extents(
        self, page: tf.Tensor, extents: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Reads lines, the widest first, in batches of similar width; returns them in order."""
        widths = line_width(extents[:, 2] - extents[:, 0], extents[:, 3] - extents[:, 1])  # [m]
        order = tf.argsort(widths, direction="DESCENDING")
        widths, extents = tf.gather(widths, order), tf.gather(extents, order)

        def read_batch(
            start: tf.Tensor, texts: tf.Tensor, confidences: tf.Tensor, characters: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
            end = start + tf.clip_by_value(BATCH_COLUMNS // widths[start], 1, BATCH_LINES)
            read = self._line_reader.read_normalised(
                *stack_lines(
                    lambda extent: self._line_reader.normalise(crop(page, extent)),
                    extents[start:end],
                )
            )
            return (
                end,
                tf.concat([texts, read[TEXT]], axis=0),
                tf.concat([confidences, read[CONFIDENCE]], axis=0),
                _stack_padded(characters, read[CHARACTER_CONFIDENCES]),
            )

        _, texts, confidences, characters = tf.while_loop(
            lambda start, *_: start < tf.size(order),
            read_batch,
            (tf.constant(0), tf.zeros([0], tf.string), tf.zeros([0]), tf.zeros([0, 0])),
            shape_invariants=(
                tf.TensorShape([]),
                tf.TensorShape([None]),
                tf.TensorShape([None]),
                tf.TensorShape([None, None]),
            ),
            parallel_iterations=1,
        )
        places = tf.math.invert_permutation(order)
        return tuple(tf.gather(found, places) for found in (texts, confidences, characters))


def _stack_padded(above: tf.Tensor, below: tf.Tensor) -> tf.Tensor:
    """Puts matrices on top of each other, the narrower one padded on the right with `NOTHING`."""
    width = tf.maximum(tf.shape(above)[1], tf.shape(below)[1])
    return tf.concat(
        [
            tf.pad(part, [[0, 0], [0, width - tf.shape(part)[1]]], constant_values=NOTHING)
            for part in (above, below)
        ],
        axis=0,
    )
