"""From picture bytes to the network's input: used on every picture, in training and serving alike.

A normalised line is float32, ink near 1 on paper near 0, `LINE_HEIGHT` pixels high.
"""

import tensorflow as tf

LINE_HEIGHT = 28
"""Height of a normalised line in pixels: that of an EMNIST glyph."""

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


def normalise_polarity(image: tf.Tensor) -> tf.Tensor:
    """Makes ink bright and paper dark, and stretches their contrast to the full range.

    Most of a line's pixels are paper: where the mean is above mid-grey, paper is the bright one.

    Args:
      image: uint8 [height, width].

    Returns:
      float32 [height, width] in 0..1; an image of one single grey becomes all 0.
    """
    grey = tf.cast(image, tf.float32) / 255.0
    ink = tf.cond(tf.reduce_mean(grey) > 0.5, lambda: 1.0 - grey, lambda: grey)
    darkest = tf.reduce_min(ink)
    return tf.math.divide_no_nan(ink - darkest, tf.reduce_max(ink) - darkest)


def normalise_line(image: tf.Tensor) -> tf.Tensor:
    """Brings the picture of a line to the network's polarity, contrast and height.

    Args:
      image: uint8 [height, width], any size, either polarity.

    Returns:
      float32 [LINE_HEIGHT, new width, 1] in 0..1, the aspect ratio kept.
    """
    shape = tf.shape(image)
    height, width = shape[0], shape[1]
    scaled = tf.round(tf.cast(width, tf.float32) * LINE_HEIGHT / tf.cast(height, tf.float32))
    new_width = tf.clip_by_value(tf.cast(scaled, tf.int32), 1, MAX_LINE_WIDTH)
    ink = normalise_polarity(image)[:, :, tf.newaxis]  # [height, width, 1]
    resized = tf.cond(
        tf.logical_and(tf.equal(height, LINE_HEIGHT), tf.equal(width, new_width)),
        lambda: ink,
        lambda: tf.image.resize(ink, [LINE_HEIGHT, new_width], antialias=True),
    )
    resized.set_shape([LINE_HEIGHT, None, 1])
    return resized


def read_line(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes and normalises one line: scalar string -> float32 [LINE_HEIGHT, width, 1]."""
    return normalise_line(decode_image(image_bytes))


def read_lines(image_bytes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes, normalises and batches lines of any size.

    Args:
      image_bytes: string [n].

    Returns:
      float32 [n, LINE_HEIGHT, widest, 1], padded with paper (0) on the right, and the widths
      before padding, int32 [n].
    """
    lines = tf.map_fn(
        # Columns first, for they are what differs from line to line: [width, LINE_HEIGHT].
        lambda encoded: tf.transpose(read_line(encoded)[:, :, 0]),
        image_bytes,
        fn_output_signature=tf.RaggedTensorSpec([None, LINE_HEIGHT], tf.float32, ragged_rank=0),
    )
    widths = tf.cast(lines.row_lengths(), tf.int32)
    # Shaped by hand, for without any picture the tensor would lose its rank.
    widest = tf.reduce_max(tf.concat([widths, [1]], axis=0))
    padded = tf.reshape(lines.to_tensor(), [tf.size(widths), widest, LINE_HEIGHT])
    return tf.transpose(padded, [0, 2, 1])[..., tf.newaxis], widths
