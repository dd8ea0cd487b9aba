"""Text to class numbers and back, in graph; the inverse pair of `schema.alphabet` for tensors."""

import tensorflow as tf

from schema.alphabet import BLANK, Alphabet


def encode_text(texts: tf.Tensor, alphabet: Alphabet) -> tf.RaggedTensor:
    """Looks up the class number of each character.

    Args:
      texts: string [n], UTF-8.
      alphabet: the symbols.

    Returns:
      int32 ragged [n, characters].

    Raises:
      tf.errors.InvalidArgumentError: a character is outside the alphabet; the text is named.
    """
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            list(alphabet.symbols),
            tf.range(1, alphabet.num_classes, dtype=tf.int64),
        ),
        default_value=BLANK,
    )
    characters = tf.strings.unicode_split(texts, "UTF-8")
    classes = tf.ragged.map_flat_values(table.lookup, characters)
    known = tf.reduce_all(tf.not_equal(classes, BLANK), axis=1)
    with tf.control_dependencies(
        [
            tf.debugging.Assert(
                tf.reduce_all(known),
                ["expected texts of the alphabet, got", tf.boolean_mask(texts, ~known)],
                summarize=3,
            )
        ]
    ):
        return tf.cast(classes, tf.int32)


def decode_classes(classes: tf.Tensor, alphabet: Alphabet) -> tf.Tensor:
    """Joins symbols to texts; blanks add nothing.

    Args:
      classes: int32 [n, t], class numbers with `BLANK` anywhere.
      alphabet: the symbols.

    Returns:
      string [n], UTF-8.
    """
    symbols = tf.constant(["", *alphabet.symbols])
    return tf.strings.reduce_join(tf.gather(symbols, classes), axis=-1)
