"""The strided convolutions below every network, and what keeps padding out of their maps.

A line reads the same in any batch: widths are padded to a multiple of the stride, so that
strides fall on the same columns, and every map is erased beyond the line's own width.
"""

import math
from collections.abc import Sequence

import keras
import tensorflow as tf

from trainer_module.hyperparameters.base import ConvBlock

IMAGE = "image"
"""Input of every network, float32 [n, h, w, 1] in 0..1, ink bright; lines are padded with paper
(0) on the right."""
WIDTH = "width"
"""Input of the line networks, int32 [n]: columns before padding."""


class ConvNorm(keras.layers.Layer):
    """Convolution, batch normalisation and ReLU: [n, h, w, c] -> [n, h / sy, w / sx, filters]."""

    def __init__(self, block: ConvBlock, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.convolution = keras.layers.Conv2D(
            block.filters,
            block.kernel,
            strides=(block.stride_y, block.stride_x),
            padding="same",
            use_bias=False,
        )
        self.normalisation = make_normalisation()

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Applies the three in order."""
        return tf.nn.relu(self.normalisation(self.convolution(maps), training=training))


class Stem(keras.layers.Layer):
    """The convolutions of a line network: [n, h, w, 1] -> frames [n, ceil(w / stride), features].

    Args:
      blocks: in order.
    """

    def __init__(self, blocks: Sequence[ConvBlock], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.strides_x = [block.stride_x for block in blocks]
        self.blocks = [ConvNorm(block) for block in blocks]

    def call(
        self, image: tf.Tensor, width: tf.Tensor, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the frames and how many of them lie on each line, int32 [n]."""
        maps, stride = pad_width(image, math.prod(self.strides_x)), 1
        for convolve, stride_x in zip(self.blocks, self.strides_x, strict=True):
            stride *= stride_x
            maps = erase_padding(convolve(maps, training=training), columns_of(width, stride))
        return flatten_columns(maps), columns_of(width, stride)


def make_normalisation() -> keras.layers.BatchNormalization:
    """Makes a batch normalisation over the whole batch, however many replicas share it."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    # Keras' momentum of 0.99 lags behind the weights for the first few hundred steps.
    return keras.layers.BatchNormalization(momentum=0.9, synchronized=replicas > 1)


def columns_of(width: tf.Tensor, stride: int) -> tf.Tensor:
    """Returns how many columns of a map with the given stride see a line of this width."""
    return (width + stride - 1) // stride


def pad_width(image: tf.Tensor, multiple: int) -> tf.Tensor:
    """Pads [n, h, w, c] with paper on the right to the next multiple."""
    return tf.pad(image, [[0, 0], [0, 0], [0, -tf.shape(image)[2] % multiple], [0, 0]])


def erase_padding(maps: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Sets [n, h, w, c] to 0 from each line's column [n] on."""
    mask = tf.sequence_mask(columns, tf.shape(maps)[2], dtype=maps.dtype)  # [n, w]
    return maps * mask[:, tf.newaxis, :, tf.newaxis]


def flatten_columns(maps: tf.Tensor) -> tf.Tensor:
    """Lays each column of the maps out as one frame: [n, h, w, c] -> [n, w, h * c]."""
    columns = tf.transpose(maps, [0, 2, 1, 3])  # [n, w, h, c]
    shape = tf.shape(columns)
    return tf.reshape(columns, [shape[0], shape[1], maps.shape[1] * maps.shape[3]])


def mean_frame(frames: tf.Tensor, on_line: tf.Tensor) -> tf.Tensor:
    """Returns each line's mean frame.

    Args:
      frames: float [n, t, d].
      on_line: int32 [n], how many of them lie on each line, at least 1.

    Returns:
      float32 [n, d].
    """
    frames = tf.cast(frames, tf.float32)
    mask = tf.sequence_mask(on_line, tf.shape(frames)[1], dtype=tf.float32)[:, :, tf.newaxis]
    return tf.reduce_sum(frames * mask, axis=1) / tf.cast(on_line, tf.float32)[:, tf.newaxis]
