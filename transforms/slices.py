"""What the evaluation tells examples apart by, and which of them belong together, in graph.

Called by `preprocessing.py` and `page_preprocessing.py`, so that the Evaluator finds slices and
clusters as features of the transformed examples.
"""

import tensorflow as tf

from schema.features import DIGITS, LOWER, OTHER, UPPER

LENGTH_LIMITS = (10, 30, 60)
"""Characters of the longest texts of each band but the last. Half of the lines of letters and
chronicles are of 31 to 60 characters, nearly all lines made of glyphs of 11 to 34."""

WIDTH_LIMITS = (200, 400, 800)
"""Pixels of the widest lines of each band but the last. A tenth of the lines of archive pages is
narrower than 150 and a tenth wider than 500; those made of glyphs reach 950."""

# Classes of RE2. Marks belong to the letter before them, and spaces are in nearly every line.
_KINDS = {
    DIGITS: r"\p{Nd}",
    UPPER: r"[\p{Lu}\p{Lt}]",
    LOWER: r"\p{Ll}",
    OTHER: r"[^\p{Nd}\p{Lu}\p{Lt}\p{Ll}\p{M}\p{Z}\p{Cc}]",
}


def length_band(texts: tf.Tensor) -> tf.Tensor:
    """Names the band of each text's length in characters, as in "11-30" or "61+".

    Args:
      texts: string of any shape, UTF-8.

    Returns:
      string of the same shape; an empty text is in the lowest band.
    """
    return _name_bands(tf.strings.length(texts, unit="UTF8_CHAR"), LENGTH_LIMITS)


def width_band(widths: tf.Tensor) -> tf.Tensor:
    """Names the band of each normalised line's width in pixels, as in "201-400" or "801+".

    Args:
      widths: int64 of any shape.

    Returns:
      string of the same shape.
    """
    return _name_bands(tf.cast(widths, tf.int32), WIDTH_LIMITS)


def character_kinds(texts: tf.Tensor) -> tf.SparseTensor:
    """Tells which of `schema.features.KINDS` each text holds.

    Args:
      texts: string [n, 1], UTF-8.

    Returns:
      string [n, k], each kind once and at least one: a text without any character is `OTHER`.
    """
    found = [tf.strings.regex_full_match(texts, f"(?s).*{kind}.*") for kind in _KINDS.values()]
    held = tf.concat(found, axis=1)  # [n, 4]
    nothing = ~tf.reduce_any(held, axis=1, keepdims=True)
    held = tf.concat([held[:, :-1], held[:, -1:] | nothing], axis=1)
    names = tf.tile(tf.constant([list(_KINDS)]), [tf.shape(texts)[0], 1])
    return tf.ragged.boolean_mask(names, held).to_sparse()


def cluster_of(
    source: tf.Tensor, writer: tf.Tensor, page: tf.Tensor, sample_id: tf.Tensor
) -> tf.Tensor:
    """Names what an example shares its errors with: its writer, else its page, else nothing.

    Args:
      source: string of any shape, the data set, in which the other names are unique.
      writer: the same, empty where it is not known.
      page: the same, empty where there is none.
      sample_id: the same, of the example itself.

    Returns:
      string of the same shape.
    """
    alone = tf.where(page == "", sample_id, tf.strings.join([source, " page ", page]))
    return tf.where(writer == "", alone, tf.strings.join([source, " writer ", writer]))


def _name_bands(values: tf.Tensor, limits: tuple[int, ...]) -> tf.Tensor:
    """Names bands by their least and largest value: int32 -> string of the same shape."""
    starts = (1, *(limit + 1 for limit in limits))
    names = [f"{start}-{limit}" for start, limit in zip(starts, limits, strict=False)]
    bands = tf.searchsorted(tf.constant(limits), tf.reshape(values, [-1]))
    return tf.reshape(tf.gather([*names, f"{starts[-1]}+"], bands), tf.shape(values))
