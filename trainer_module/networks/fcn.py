"""`fcn`: a fully convolutional network that sees the lines of a page.

A U-Net (Ronneberger, Fischer and Brox, 2015) as Grüning et al. use it on historical pages ("A
two-stage method for text line detection in historical documents", 2019), with two differences
for CPUs: the maps stay at a quarter of the picture's resolution, and strided convolutions take
the place of pooling. Its outputs are those of `transforms.line_boxes`.
"""

import keras
import tensorflow as tf

from trainer_module.hyperparameters.base import ConvBlock
from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.networks.stem import ConvNorm

STRIDE = 4
"""Pixels of the picture for each of the maps."""

CHANNELS = 3
"""Of the output: the core's logit, and the logarithms of the reaches up and down in pixels."""

_RARE = -2.0  # the logit of a core before training: an eighth of a page
_USUAL_REACH = 3.0  # the logarithm of 20 pixels


class Fcn(keras.Model):
    """The network: float32 [n, h, w, 1] in 0..1 -> float32 [n, ceil(h / 4), ceil(w / 4), 3].

    Args:
      hyperparameters: widths of the levels and dropout.
    """

    def __init__(self, hyperparameters: FcnHyperparameters) -> None:
        super().__init__(name="fcn")
        widths = hyperparameters.widths
        self.multiple = 2 ** (len(widths) + 1)
        self.stem = ConvNorm(
            ConvBlock(hyperparameters.stem_width, kernel=5, stride_y=2, stride_x=2)
        )
        self.downs = [ConvNorm(ConvBlock(width, stride_y=2, stride_x=2)) for width in widths]
        self.convolutions = hyperparameters.convolutions
        # Flat, for Keras does not save layers inside nested lists.
        self.levels = [ConvNorm(ConvBlock(w)) for w in widths for _ in range(self.convolutions)]
        self.dropout = keras.layers.Dropout(hyperparameters.dropout)
        self.raises = [keras.layers.Conv2D(width, 1) for width in widths[:-1]]
        self.merges = [ConvNorm(ConvBlock(width)) for width in widths[:-1]]
        self.head = keras.layers.Conv2D(CHANNELS, 1, dtype="float32")
        self.classify = None
        self(tf.zeros([1, self.multiple, self.multiple, 1]))
        self.head.bias.assign([_RARE, _USUAL_REACH, _USUAL_REACH])

    @property
    def trunk(self) -> list[keras.layers.Layer]:
        """The layers from the picture upwards."""
        down = [
            layer
            for number, first in enumerate(self.downs)
            for layer in (first, *self._level(number))
        ]
        return [self.stem, *down, *self.raises, *self.merges, self.head]

    def _level(self, number: int) -> list[ConvNorm]:
        """Returns the convolutions of a level below its first."""
        return self.levels[number * self.convolutions : (number + 1) * self.convolutions]

    def reseed(self, *numbers: int) -> None:
        """Lets dropout go on from two whole numbers, so that a resumed training repeats itself."""
        if self.dropout.rate:  # else Keras gives it no chance to draw from
            self.dropout.seed_generator.state.assign(numbers)

    def call(self, pages: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Sees a batch of pages, padded with paper to whole pixels of the deepest level."""
        height, width = tf.shape(pages)[1], tf.shape(pages)[2]
        padding = [[0, 0], [0, -height % self.multiple], [0, -width % self.multiple], [0, 0]]
        maps = self.stem(tf.pad(pages, padding), training=training)  # [n, h / 2, w / 2, c]
        seen = []
        for number, down in enumerate(self.downs):
            maps = down(maps, training=training)
            for convolve in self._level(number):
                maps = maps + convolve(maps, training=training)
            seen.append(maps)
        maps = self.dropout(maps, training=training)
        for lift, merge, wide in zip(
            reversed(self.raises), reversed(self.merges), reversed(seen[:-1]), strict=True
        ):
            raised = tf.repeat(tf.repeat(lift(maps), 2, axis=1), 2, axis=2)
            maps = merge(raised + wide, training=training)
        rows, columns = (height + STRIDE - 1) // STRIDE, (width + STRIDE - 1) // STRIDE
        return self.head(maps)[:, :rows, :columns]
