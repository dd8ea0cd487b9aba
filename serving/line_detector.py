"""A detector as a servable: picture bytes in, boxes of lines in reading order out.

The picture is scaled and normalised as in training; boxes are in pixels of the picture given.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from serving.export import make_signatures
from serving.signatures import BOXES, COUNT, SCORES
from transforms.image import decode_image
from transforms.line_boxes import find_lines
from transforms.page_image import normalise_page, scale_page

PageNetwork = Callable[[tf.Tensor], tf.Tensor]
"""Pages, float32 [1, h, w, 1] -> maps, float32 [1, h / stride, w / stride, 3]."""

NOTHING = -1.0
"""Pads `BOXES` and `SCORES` where a page has fewer lines than another."""


class LineDetector(tf.Module):
    """A detector from picture bytes to boxes, with the signatures of `docs/design.md`.

    Pages are seen one by one: what is found on one does not depend on the others of its batch,
    and memory does not grow with their number.

    Args:
      network: the trained network's forward pass.
      stride: pixels of the picture for each of the network's maps.
      variables: every variable that `network` reads, held raw as in `LineReader`.
    """

    def __init__(self, network: PageNetwork, stride: int, variables: Sequence[tf.Variable]) -> None:
        super().__init__(name="line_detector")
        self._network_variables = list(variables)

        def detect(image_bytes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            """Returns boxes, laid flat as [m * 4], and scores [m] of one page."""
            scaled, scale = scale_page(decode_image(image_bytes))
            seen = network(normalise_page(scaled)[tf.newaxis])[0]
            boxes, scores = find_lines(seen, stride)
            return tf.reshape(boxes / tf.tile(scale, [2]), [-1]), scores

        def detect_all(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            numbers = tf.RaggedTensorSpec([None], tf.float32, ragged_rank=0)
            corners, scores = tf.map_fn(
                detect,
                image_bytes,
                fn_output_signature=(numbers, numbers),
                parallel_iterations=1,
            )
            padded = scores.to_tensor(NOTHING)  # [N, M]
            return {
                # Shaped by hand, for an empty batch keeps no inner shape.
                BOXES: tf.reshape(corners.to_tensor(NOTHING), [*tf.unstack(tf.shape(padded)), 4]),
                SCORES: padded,
                COUNT: tf.cast(scores.row_lengths(), tf.int32),
            }

        self.servable = make_signatures(detect_all)
