"""`mlp`: a multilayer perceptron that names a single character; the plainest of the networks."""

import keras
import tensorflow as tf

from schema.features import GLYPH_SIDE
from trainer_module.hyperparameters.mlp import MlpHyperparameters
from trainer_module.networks.stem import IMAGE


class Mlp(keras.Model):
    """The network: {IMAGE: [n, 28, 28, 1]} -> logits, float32 [n, num_classes].

    Args:
      hyperparameters: sizes and dropout.
      num_classes: characters to tell apart.
    """

    def __init__(self, hyperparameters: MlpHyperparameters, num_classes: int) -> None:
        super().__init__(name="mlp")
        self.flatten = keras.layers.Flatten()
        self.dropout = keras.layers.Dropout(hyperparameters.dropout)
        self.hidden = [
            keras.layers.Dense(units, activation="relu") for units in hyperparameters.dense_units
        ]
        self.classify = keras.layers.Dense(num_classes, dtype="float32")
        self({IMAGE: tf.zeros([1, GLYPH_SIDE, GLYPH_SIDE, 1])})

    @property
    def trunk(self) -> list[keras.layers.Layer]:
        """The layers below the last, from the picture upwards."""
        return list(self.hidden)

    def reseed(self, *numbers: int) -> None:
        """Lets dropout go on from two whole numbers, so that a resumed training repeats itself."""
        if self.dropout.rate:  # else Keras gives it no chance to draw from
            self.dropout.seed_generator.state.assign(numbers)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Names a batch of characters."""
        features = self.flatten(inputs[IMAGE])  # [n, 784]
        for layer in self.hidden:
            features = self.dropout(layer(features), training=training)
        return self.classify(features)
