"""From picture bytes to the network's input: used on every picture, in training and serving alike.

A normalised line is float32, ink near 1 on paper near 0, `LINE_HEIGHT` pixels high.
"""

from collections.abc import Callable

import tensorflow as tf

LINE_HEIGHT = 28
"""Height of a normalised line in pixels: that of an EMNIST glyph."""

MIN_CONTRAST = 0.5
"""Grey levels between darkest and brightest below which a picture is blank."""

MAX_LINE_WIDTH = 8192
"""Width at which a normalised line is squeezed, so that one picture cannot exhaust memory."""


def decode_image(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes one picture to greyscale.

    Args:
      image_bytes: scalar string, PNG, JPEG, BMP or GIF (its first frame).

    Returns:
      uint8 [height, width].
    """
    image = tf.io.decode_image(image_bytes, channels=1, expand_animations=False)
    image.set_shape([None, None, 1])  # decode_image leaves the rank open
    return image[:, :, 0]


def normalise_contrast(grey: tf.Tensor) -> tf.Tensor:
    """Stretches contrast to the full range and makes ink bright and paper dark.

    Most of a line's pixels are paper: where the stretched mean is above one half, paper is the
    bright one. Done twice it does no more than done once.

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
