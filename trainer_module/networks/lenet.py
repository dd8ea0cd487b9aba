"""`lenet`: convolutions and a hidden layer that name a single character.

After LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
Recognition" (1998), with strides in place of subsampling, batch normalisation and dropout.
"""

import keras
import tensorflow as tf

from schema.features import GLYPH_SIDE
from trainer_module.hyperparameters.lenet import LenetHyperparameters
from trainer_module.networks.stem import IMAGE, ConvNorm


class Lenet(keras.Model):
    """The network: {IMAGE: [n, 28, 28, 1]} -> logits, float32 [n, num_classes].

    Args:
      hyperparameters: sizes and dropout.
      num_classes: characters to tell apart.
    """

    def __init__(self, hyperparameters: LenetHyperparameters, num_classes: int) -> None:
        super().__init__(name="lenet")
        self.stem = [ConvNorm(block) for block in hyperparameters.stem]
        self.dropout = keras.layers.Dropout(hyperparameters.dropout)
        self.flatten = keras.layers.Flatten()
        self.hidden = keras.layers.Dense(hyperparameters.dense_units, activation="relu")
        self.classify = keras.layers.Dense(num_classes, dtype="float32")
        self({IMAGE: tf.zeros([1, GLYPH_SIDE, GLYPH_SIDE, 1])})

    @property
    def trunk(self) -> list[keras.layers.Layer]:
        """The layers below the last, from the picture upwards."""
        return [*self.stem, self.hidden]

    def reseed(self, *numbers: int) -> None:
        """Lets dropout go on from two whole numbers, so that a resumed training repeats itself."""
        if self.dropout.rate:  # else Keras gives it no chance to draw from
            self.dropout.seed_generator.state.assign(numbers)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Names a batch of characters."""
        maps = inputs[IMAGE]  # [n, 28, 28, 1]
        for convolve in self.stem:
            maps = convolve(maps, training=training)  # [n, h, w, filters]
        features = self.dropout(self.flatten(maps), training=training)  # [n, h * w * filters]
        return self.classify(self.dropout(self.hidden(features), training=training))
