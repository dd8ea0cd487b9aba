"""A character network as a servable: picture bytes in, the symbol and its rivals out."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from schema.alphabet import Alphabet
from serving.export import make_signatures
from serving.signatures import CHARACTER, CONFIDENCE, TOP_CHARACTERS, TOP_PROBABILITIES
from transforms.image import read_characters

CharacterNetwork = Callable[[tf.Tensor], tf.Tensor]
"""float32 [n, 28, 28, 1] -> logits float32 [n, symbols]."""

TOP = 5
"""Rivals that are told, the named character among them; fewer where the alphabet is smaller."""


class CharacterReader(tf.Module):
    """A character recogniser from picture bytes to a symbol.

    Args:
      network: the trained network's forward pass.
      variables: every variable that `network` reads, raw as in `serving.export.LineReader`.
      alphabet: the symbols, in the order of the network's classes.
    """

    def __init__(
        self, network: CharacterNetwork, variables: Sequence[tf.Variable], alphabet: Alphabet
    ) -> None:
        super().__init__(name="character_reader")
        self._network_variables = list(variables)

        def read(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            probabilities = tf.nn.softmax(network(read_characters(image_bytes)))  # [n, symbols]
            best, classes = tf.math.top_k(probabilities, min(TOP, len(alphabet.symbols)))
            characters = tf.gather(tf.constant(list(alphabet.symbols)), classes)  # [n, TOP]
            return {
                CHARACTER: characters[:, 0],
                CONFIDENCE: best[:, 0],
                TOP_CHARACTERS: characters,
                TOP_PROBABILITIES: best,
            }

        self.servable = make_signatures(read)
