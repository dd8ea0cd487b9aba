"""`lstm_ctc`: a strided convolutional stem and a bidirectional LSTM that spells by CTC.

The architecture is that of Shi, Bai and Yao, "An End-to-End Trainable Neural Network for
Image-based Sequence Recognition" (2015), with strided convolutions in place of pooling: a stem
at full resolution costs more than all the rest on a CPU.

A line reads the same in any batch: widths are padded to a multiple of the stride, so that
strides fall on the same columns, and every map is erased beyond the line's own width.
"""

import keras
import tensorflow as tf

from trainer_module.hyperparameters import ConvBlock, LstmCtcHyperparameters
from transforms.ctc import blank_padding
from transforms.image import LINE_HEIGHT

IMAGE = "image"
"""Input, float32 [n, LINE_HEIGHT, w, 1] in 0..1, padded with paper (0) on the right."""
WIDTH = "width"
"""Input, int32 [n]: columns before padding."""


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
        # Keras' momentum of 0.99 lags behind the weights for the first few hundred steps.
        self.normalisation = keras.layers.BatchNormalization(momentum=0.9)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Applies the three in order."""
        return tf.nn.relu(self.normalisation(self.convolution(maps), training=training))


class LstmCtc(keras.Model):
    """The network: {IMAGE, WIDTH} -> logits, float32 [n, ceil(w / stride), num_classes].

    Frames beyond a line's width are certain blanks (`transforms.ctc`).

    Args:
      hyperparameters: sizes and dropout.
      num_classes: the alphabet's symbols and the blank.
    """

    def __init__(self, hyperparameters: LstmCtcHyperparameters, num_classes: int) -> None:
        super().__init__(name="lstm_ctc")
        self.strides_x = [block.stride_x for block in hyperparameters.stem]
        self.stride = hyperparameters.stride
        self.stem = [ConvNorm(block) for block in hyperparameters.stem]
        self.dropout = keras.layers.Dropout(hyperparameters.dropout)
        self.recurrent = [
            keras.layers.Bidirectional(keras.layers.LSTM(units, return_sequences=True))
            for units in hyperparameters.lstm_units
        ]
        self.classify = keras.layers.Dense(num_classes, dtype="float32")
        self({IMAGE: tf.zeros([1, LINE_HEIGHT, self.stride, 1]), WIDTH: tf.ones([1], tf.int32)})

    def reseed(self, *numbers: int) -> None:
        """Lets dropout go on from two whole numbers, so that a resumed training repeats itself."""
        self.dropout.seed_generator.state.assign(numbers)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Reads a batch of lines."""
        width = tf.cast(inputs[WIDTH], tf.int32)
        maps, stride = pad_width(inputs[IMAGE], self.stride), 1
        for convolve, stride_x in zip(self.stem, self.strides_x, strict=True):
            stride *= stride_x
            maps = erase_padding(convolve(maps, training=training), columns_of(width, stride))
        frames = flatten_columns(maps)  # [n, t, h * c]
        on_line = tf.sequence_mask(columns_of(width, stride), tf.shape(frames)[1])
        for recur in self.recurrent:
            frames = self.dropout(frames, training=training)
            frames = recur(frames, mask=on_line, training=training)  # [n, t, 2 * units]
        logits = self.classify(self.dropout(frames, training=training))
        return blank_padding(logits, columns_of(width, stride))


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
