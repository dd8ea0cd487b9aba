"""`line_cnn`: a window that slides along the line, all convolutional, spelling by CTC.

The line is read window by window as in the line CNN of the Full Stack Deep Learning course; in
place of independent windows, residual blocks of dilated convolutions along the line (Bai, Kolter
and Koltun, "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence
Modeling", 2018, here looking to both sides) let a frame see the glyphs around it.
"""

import keras
import tensorflow as tf

from trainer_module.hyperparameters.line_cnn import LineCnnHyperparameters
from trainer_module.networks.stem import IMAGE, WIDTH, Stem, make_normalisation, mean_frame
from transforms.ctc import blank_padding
from transforms.image import LINE_HEIGHT


class ContextBlock(keras.layers.Layer):
    """A residual dilated convolution along the line: [n, t, filters] -> the same."""

    def __init__(self, filters: int, kernel: int, dilation: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.convolution = keras.layers.Conv1D(
            filters, kernel, dilation_rate=dilation, padding="same", use_bias=False
        )
        self.normalisation = make_normalisation()

    def call(self, frames: tf.Tensor, on_line: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Adds what the neighbours tell; `on_line`, [n, t, 1] of 0 and 1, erases the padding."""
        seen = self.normalisation(self.convolution(frames), training=training)
        return (frames + tf.nn.relu(seen)) * on_line


class LineCnn(keras.Model):
    """The network: {IMAGE, WIDTH} -> logits, float32 [n, ceil(w / stride), num_classes].

    Frames beyond a line's width are certain blanks (`transforms.ctc`).

    Args:
      hyperparameters: sizes and dropout.
      num_classes: the alphabet's symbols and the blank.
    """

    def __init__(self, hyperparameters: LineCnnHyperparameters, num_classes: int) -> None:
        super().__init__(name="line_cnn")
        self.stem = Stem(hyperparameters.stem)
        self.dropout = keras.layers.Dropout(hyperparameters.dropout)
        self.project = keras.layers.Dense(hyperparameters.filters, activation="relu")
        self.context = [
            ContextBlock(hyperparameters.filters, hyperparameters.kernel, dilation)
            for dilation in hyperparameters.dilations
        ]
        self.classify = keras.layers.Dense(num_classes, dtype="float32")
        stride = hyperparameters.stride
        self({IMAGE: tf.zeros([1, LINE_HEIGHT, stride, 1]), WIDTH: tf.ones([1], tf.int32)})

    @property
    def trunk(self) -> list[keras.layers.Layer]:
        """The layers below the last, from the picture upwards."""
        return [*self.stem.blocks, self.project, *self.context]

    def reseed(self, *numbers: int) -> None:
        """Lets dropout go on from two whole numbers, so that a resumed training repeats itself."""
        if self.dropout.rate:  # else Keras gives it no chance to draw from
            self.dropout.seed_generator.state.assign(numbers)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Reads a batch of lines."""
        return self.spell(*self.look(inputs, training), training)

    def spell(self, frames: tf.Tensor, on_line: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Tells the symbols of what `look` saw: logits, float32 [n, t, num_classes]."""
        logits = self.classify(self.dropout(frames, training=training))
        return blank_padding(logits, on_line)

    def describe(self, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        """Tells lines apart by their look: the trunk's mean frame, float32 [n, filters]."""
        return mean_frame(*self.look(inputs))

    def look(
        self, inputs: dict[str, tf.Tensor], training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the trunk's frames, [n, t, filters], and how many lie on each line, [n]."""
        frames, frames_on_line = self.stem(  # [n, t, h * c]
            inputs[IMAGE], tf.cast(inputs[WIDTH], tf.int32), training=training
        )
        on_line = tf.sequence_mask(frames_on_line, tf.shape(frames)[1], dtype=frames.dtype)
        on_line = on_line[:, :, tf.newaxis]  # [n, t, 1]
        frames = self.project(self.dropout(frames, training=training)) * on_line
        for block in self.context:
            frames = block(frames, on_line, training=training)  # [n, t, filters]
        return frames, frames_on_line
