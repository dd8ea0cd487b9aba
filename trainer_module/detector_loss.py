"""What the detector is trained to lower: errors of the cores and of the reaches.

Between the maps that `transforms.band_maps` draws and the network `fcn`.
"""

import keras
import tensorflow as tf

from transforms.line_boxes import split_maps

_PIXEL = 1.0  # added to both sides of each ratio, so that nothing is divided by zero


class DetectorLoss(keras.losses.Loss):
    """Mean loss of a page or crop.

    The cores' loss is cross entropy, for calibrated scores, plus the Dice loss of Milletari,
    Navab and Ahmadi ("V-Net", 2016), which weighs the few pixels of cores against the many of
    paper. That of the reaches is the logarithm of the union over the intersection of the two
    vertical spans: EAST's box loss (Zhou et al., 2017) without horizontal sides, which the cores
    have themselves.
    """

    def __init__(self) -> None:
        super().__init__(name="detector_loss")

    def call(self, maps: tf.Tensor, seen: tf.Tensor) -> tf.Tensor:
        """Returns the loss of each example, [n].

        Args:
          maps: float32 [n, h, w, 4]: core, weight, reach up, reach down, as `stack_maps` has them.
          seen: float32 [n, h, w, 3], the network's output.
        """
        core, weight, reach = maps[..., 0], maps[..., 1], maps[..., 2:]
        scores, guessed = split_maps(seen)
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(core, seen[..., 0])
        likely = scores * weight
        dice = 1.0 - (2.0 * _total(likely * core) + _PIXEL) / (
            _total(likely) + _total(core) + _PIXEL
        )
        shared = tf.reduce_sum(tf.minimum(guessed, reach), axis=-1) + _PIXEL
        covered = tf.reduce_sum(tf.maximum(guessed, reach), axis=-1) + _PIXEL
        misfit = _total(tf.math.log(covered / shared) * core) / (_total(core) + _PIXEL)
        return _total(entropy * weight) / (_total(weight) + _PIXEL) + dice + misfit


def stack_maps(maps: dict[str, tf.Tensor]) -> tf.Tensor:
    """Lays the maps of `transforms.band_maps` on one another: float32 [h, w, 4]."""
    flat = tf.stack([maps["core"], maps["weight"]], axis=-1)
    return tf.concat([flat, maps["reach"]], axis=-1)


def _total(values: tf.Tensor) -> tf.Tensor:
    """Sums over each example: [n, h, w] -> [n]."""
    return tf.reduce_sum(values, axis=[1, 2])
