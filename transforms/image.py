"""From picture bytes to the network's input: used on every picture, in training and serving alike.

A normalised line is float32, ink near 1 on paper near 0, `LINE_HEIGHT` pixels high.
"""

from collections.abc import Callable

import tensorflow as tf

from schema.features import GLYPH_SIDE

LINE_HEIGHT = 28
"""Height of a normalised line in pixels: that of an EMNIST glyph."""

MIN_CONTRAST = 0.5
"""Grey levels between darkest and brightest below which a picture is blank."""

GLYPH_MARGIN = 2
"""Pixels of paper that EMNIST leaves around a character."""

INK_THRESHOLD = 0.3
"""Share of the full contrast from which a pixel counts as ink when a character is framed."""

MAX_LINE_WIDTH = 8192
"""Width at which a normalised line is squeezed, so that one picture cannot exhaust memory."""


def decode_image(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes one picture to greyscale.

    Args:
      image_bytes: scalar string, PNG or JPEG; others are refused.

    Returns:
      uint8 [height, width].
    """
    image = tf.io.decode_image(image_bytes, channels=1, expand_animations=False)
    image.set_shape([None, None, 1])  # decode_image leaves the rank open
    return image[:, :, 0]


def normalise_contrast(grey: tf.Tensor) -> tf.Tensor:
    """Stretches contrast to the full range and makes ink bright and paper dark.

    Most of a line's pixels are paper: where the stretched mean is above one half, paper is the
    bright one. Done twice it does no more than done once, unless ink and paper are balanced.

    Args:
      grey: float32 in 0..255, any shape.

    Returns:
      float32 in 0..1, the same shape; less contrast than `MIN_CONTRAST` becomes all 0.
    """
    darkest = tf.reduce_min(grey)
    contrast = tf.reduce_max(grey) - darkest
    contrast = tf.where(contrast < MIN_CONTRAST, 0.0, contrast)
    stretched = tf.math.divide_no_nan(grey - darkest, contrast)
    return tf.cond(tf.reduce_mean(stretched) > 0.5, lambda: 1.0 - stretched, lambda: stretched)


def line_width(height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Returns the width of a normalised line from its picture's size in pixels, all int32."""
    scaled = tf.round(tf.cast(width, tf.float32) * LINE_HEIGHT / tf.cast(height, tf.float32))
    return tf.clip_by_value(tf.cast(scaled, tf.int32), 1, MAX_LINE_WIDTH)


def normalise_line(image: tf.Tensor) -> tf.Tensor:
    """Brings the picture of a line to the network's height, contrast and polarity.

    Args:
      image: uint8 [height, width], any size, either polarity.

    Returns:
      float32 [LINE_HEIGHT, new width, 1] in 0..1, the aspect ratio kept.
    """
    shape = tf.shape(image)
    height, width = shape[0], shape[1]
    new_width = line_width(height, width)
    grey = tf.cast(image, tf.float32)[:, :, tf.newaxis]  # [height, width, 1]
    resized = tf.cond(
        tf.logical_and(tf.equal(height, LINE_HEIGHT), tf.equal(width, new_width)),
        lambda: grey,
        lambda: tf.image.resize(grey, [LINE_HEIGHT, new_width], antialias=True),
    )
    resized.set_shape([LINE_HEIGHT, None, 1])
    return normalise_contrast(resized)


def read_line(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes and normalises one line: scalar string -> float32 [LINE_HEIGHT, width, 1]."""
    return normalise_line(decode_image(image_bytes))


def quantise_line(line: tf.Tensor) -> tf.Tensor:
    """Rounds a normalised line: float32 [LINE_HEIGHT, w, 1] -> uint8 [LINE_HEIGHT, w]."""
    return tf.cast(tf.round(line[:, :, 0] * 255.0), tf.uint8)


def read_lines(image_bytes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes, normalises and batches lines of any size; `image_bytes`, string [n], are pictures.

    Returns:
      what `stack_lines` returns.
    """
    return stack_lines(read_line, image_bytes)


def stack_lines(
    normalised: Callable[[tf.Tensor], tf.Tensor], elements: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Makes a batch of normalised lines.

    Args:
      normalised: makes one of them, float32 [LINE_HEIGHT, width, 1], from an element.
      elements: [n, ...], what to make lines of.

    Returns:
      float32 [n, LINE_HEIGHT, widest, 1], padded with paper (0) on the right, and the widths
      before padding, int32 [n].
    """
    lines = tf.map_fn(
        # Columns first, for they are what differs from line to line: [width, LINE_HEIGHT].
        lambda element: tf.transpose(normalised(element)[:, :, 0]),
        elements,
        fn_output_signature=tf.RaggedTensorSpec([None, LINE_HEIGHT], tf.float32, ragged_rank=0),
    )
    widths = tf.cast(lines.row_lengths(), tf.int32)
    # Shaped by hand, for without any picture the tensor would lose its rank.
    widest = tf.reduce_max(tf.concat([widths, [1]], axis=0))
    padded = tf.reshape(lines.to_tensor(), [tf.size(widths), widest, LINE_HEIGHT])
    return tf.transpose(padded, [0, 2, 1])[..., tf.newaxis], widths


def read_character(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes one character and frames it as EMNIST does.

    A picture of `GLYPH_SIDE` squared pixels counts as framed already. Of any other the box
    around the ink is scaled, its aspect ratio kept, so that the longer side fills all but
    `GLYPH_MARGIN` pixels at either end, and centred (Cohen et al., "EMNIST", 2017, section II).

    Args:
      image_bytes: scalar string, as of `decode_image`.

    Returns:
      float32 [GLYPH_SIDE, GLYPH_SIDE, 1] in 0..1, ink bright.
    """
    image = decode_image(image_bytes)
    grey = tf.cast(image, tf.float32)[:, :, tf.newaxis]
    framed = tf.reduce_all(tf.equal(tf.shape(image), GLYPH_SIDE))
    character = tf.cond(framed, lambda: normalise_contrast(grey), lambda: _frame_character(grey))
    return tf.ensure_shape(character, [GLYPH_SIDE, GLYPH_SIDE, 1])


def _frame_character(grey: tf.Tensor) -> tf.Tensor:
    """Cuts the ink out of float32 [h, w, 1] in 0..255 and centres it in a glyph's frame."""
    ink = normalise_contrast(grey)
    places = tf.where(ink[:, :, 0] > INK_THRESHOLD)  # int64 [pixels, 2]
    places = tf.cond(
        tf.size(places) > 0, lambda: places, lambda: tf.zeros([1, 2], tf.int64)
    )  # a blank picture stays blank
    top_left = tf.reduce_min(places, axis=0)
    size = tf.reduce_max(places, axis=0) - top_left + 1
    cut = tf.slice(ink, tf.concat([top_left, [0]], 0), tf.concat([size, [1]], 0))
    inner = GLYPH_SIDE - 2 * GLYPH_MARGIN
    scale = inner / tf.cast(tf.reduce_max(size), tf.float32)
    scaled = tf.maximum(tf.cast(tf.round(tf.cast(size, tf.float32) * scale), tf.int32), 1)
    small = tf.clip_by_value(tf.image.resize(cut, scaled, antialias=True), 0.0, 1.0)
    return tf.image.resize_with_crop_or_pad(small, GLYPH_SIDE, GLYPH_SIDE)


def read_characters(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes and frames characters: string [n] -> float32 [n, GLYPH_SIDE, GLYPH_SIDE, 1]."""
    return tf.map_fn(
        read_character,
        image_bytes,
        fn_output_signature=tf.TensorSpec([GLYPH_SIDE, GLYPH_SIDE, 1], tf.float32),
    )
