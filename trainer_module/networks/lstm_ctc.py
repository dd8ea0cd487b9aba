"""`lstm_ctc`: a strided convolutional stem and a bidirectional LSTM that spells by CTC.

The architecture is that of Shi, Bai and Yao, "An End-to-End Trainable Neural Network for
Image-based Sequence Recognition" (2015), with strided convolutions in place of pooling: a stem
at full resolution costs more than all the rest on a CPU.
"""

import keras
import tensorflow as tf

from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.networks.hoisted_lstm import HoistedLstm
from trainer_module.networks.stem import IMAGE, WIDTH, Stem, mean_frame
from transforms.ctc import blank_padding
from transforms.image import LINE_HEIGHT


class LstmCtc(keras.Model):
    """The network: {IMAGE, WIDTH} -> logits, float32 [n, ceil(w / stride), num_classes].

    Frames beyond a line's width are certain blanks (`transforms.ctc`).

    Args:
      hyperparameters: sizes and dropout.
      num_classes: the alphabet's symbols and the blank.
    """

    def __init__(self, hyperparameters: LstmCtcHyperparameters, num_classes: int) -> None:
        super().__init__(name="lstm_ctc")
        self.stem = Stem(hyperparameters.stem)
        self.dropout = keras.layers.Dropout(hyperparameters.dropout)
        self.recurrent = [
            keras.layers.Bidirectional(HoistedLstm(units, return_sequences=True))
            for units in hyperparameters.lstm_units
        ]
        self.classify = keras.layers.Dense(num_classes, dtype="float32")
        stride = hyperparameters.stride
        self({IMAGE: tf.zeros([1, LINE_HEIGHT, stride, 1]), WIDTH: tf.ones([1], tf.int32)})

    @property
    def trunk(self) -> list[keras.layers.Layer]:
        """The layers below the last, from the picture upwards."""
        return [*self.stem.blocks, *self.recurrent]

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
        """Tells lines apart by their look: the trunk's mean frame, float32 [n, 2 * units]."""
        return mean_frame(*self.look(inputs))

    def look(
        self, inputs: dict[str, tf.Tensor], training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the trunk's frames, [n, t, 2 * units], and how many lie on each line, [n]."""
        frames, on_line = self.stem(  # [n, t, h * c]
            inputs[IMAGE], tf.cast(inputs[WIDTH], tf.int32), training=training
        )
        mask = tf.sequence_mask(on_line, tf.shape(frames)[1])
        for recur in self.recurrent:
            frames = self.dropout(frames, training=training)
            frames = recur(frames, mask=mask, training=training)  # [n, t, 2 * units]
        return frames, on_line
