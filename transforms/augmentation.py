"""Disturbs training pictures, in graph and decided by a seed; never seen by validation or serving.

After normalisation, on a line or a single character alike. Whatever moves pixels is one field of
displacements and one resampling: affine, and elastic after Simard et al., "Best Practices for
Convolutional Neural Networks" (2003), with the coarse random grid of Ronneberger et al., "U-Net"
(2015) in place of a blurred fine one. Strokes grow and shrink by grey morphology. Cut-out is that
of DeVries and Taylor (2017), with several small squares, for a line is long.

Pictures are float32 [h, w, 1] in 0..1, ink bright; outside of them there is paper (0).
"""

import math

import tensorflow as tf

from transforms.augmentation_options import AugmentationOptions

ELASTIC_SPACING = 10
"""Pixels between the points of the elastic grid: about the size of a letter's parts."""

CUTOUT_SPACING = 56
"""Columns for each square that is cut out: two glyphs."""

# Second numbers of the stateless seeds; synthesis has those below.
_WARP_SEED, _ELASTIC_SEED, _INK_SEED, _NOISE_SEED, _CUTOUT_SEED = range(10, 15)


def augment(
    image: tf.Tensor, seed: tf.Tensor, options: AugmentationOptions, keep_width: bool = False
) -> tf.Tensor:
    """Disturbs a picture.

    Args:
      image: float32 [h, w, 1] in 0..1.
      seed: scalar int64; the same seed and picture give the same picture.
      options: how much.
      keep_width: whether stretching happens within the picture's width, as single characters
        need; else the picture becomes as wide as its writing.

    Returns:
      float32 [h, w, 1] in 0..1, or [h, stretched w, 1].
    """
    if options.warps:
        image = _warp_by_chance(image, seed, options, keep_width)
    stroke, brightness, contrast = tf.unstack(
        tf.random.stateless_uniform([3], seed=tf.stack([seed, _INK_SEED]), minval=-1.0)
        * [options.stroke, options.brightness, options.contrast]
    )
    if options.stroke:
        image = thicken(image, stroke)
    if options.cutout:
        image = cut_out(image, seed, options.cutout)
    if options.brightness or options.contrast:
        image = adjust(image, brightness, contrast)
    if options.noise:
        image = add_noise(image, seed, options.noise)
    return image


def elastic_field(
    height: tf.Tensor, width: tf.Tensor, seed: tf.Tensor, deviation: float
) -> tf.Tensor:
    """Makes a smooth random field of displacements in pixels, float32 [height, width, 2] (y, x)."""
    points = tf.stack([height, width]) // ELASTIC_SPACING + 2
    grid = tf.random.stateless_normal(
        tf.concat([[1], points, [2]], 0), seed=tf.stack([seed, _ELASTIC_SEED]), stddev=deviation
    )
    return tf.image.resize(grid, tf.stack([height, width]), method="bicubic")[0]


def resample(image: tf.Tensor, y: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Looks pixels up between pixels, bilinearly.

    Args:
      image: float32 [h, w, 1].
      y: float32 [new h, new w], the row in `image` of each new pixel.
      x: float32 [new h, new w], the column.

    Returns:
      float32 [new h, new w, 1]; paper where the place is outside.
    """
    shape = tf.shape(image)
    height, width = shape[0], shape[1]
    flat = tf.reshape(tf.pad(image, [[1, 2], [1, 2], [0, 0]]), [-1])  # a margin of paper
    # Beyond the margin every place is as good as one on it.
    y = tf.clip_by_value(y + 1.0, 0.0, tf.cast(height, tf.float32) + 1.0)
    x = tf.clip_by_value(x + 1.0, 0.0, tf.cast(width, tf.float32) + 1.0)
    top, left = tf.floor(y), tf.floor(x)
    down, right = y - top, x - left
    corner = tf.cast(top, tf.int32) * (width + 3) + tf.cast(left, tf.int32)
    upper = tf.gather(flat, corner) * (1.0 - right) + tf.gather(flat, corner + 1) * right
    below = corner + width + 3
    lower = tf.gather(flat, below) * (1.0 - right) + tf.gather(flat, below + 1) * right
    return (upper * (1.0 - down) + lower * down)[:, :, tf.newaxis]


def thicken(image: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Blends a picture with its grey dilation (amount > 0) or erosion (< 0) by 3x3 pixels.

    Args:
      image: float32 [h, w, 1].
      amount: scalar float32 in -1..1.

    Returns:
      float32 [h, w, 1].
    """
    # The erosion is the dilation of the negative: one search for the largest does for both.
    sign = tf.where(amount < 0.0, -1.0, 1.0)
    edge = tf.pad(sign * image, [[1, 1], [1, 1], [0, 0]], constant_values=-1.0)
    # Rows, then columns: half the time of a pooling by 3x3.
    rows = tf.maximum(tf.maximum(edge[:-2], edge[1:-1]), edge[2:])
    extreme = tf.maximum(tf.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return image + tf.abs(amount) * (sign * extreme - image)


def adjust(image: tf.Tensor, brightness: tf.Tensor, contrast: tf.Tensor) -> tf.Tensor:
    """Stretches grey levels about mid-grey by 1 + contrast, adds brightness, clips to 0..1."""
    return tf.clip_by_value((image - 0.5) * (1.0 + contrast) + 0.5 + brightness, 0.0, 1.0)


def add_noise(image: tf.Tensor, seed: tf.Tensor, deviation: float) -> tf.Tensor:
    """Adds independent noise of this standard deviation to each pixel and clips to 0..1.

    It is uniform: normal noise costs three times as much and looks the same to a convolution.
    """
    reach = math.sqrt(3.0) * deviation
    noise = tf.random.stateless_uniform(
        tf.shape(image), seed=tf.stack([seed, _NOISE_SEED]), minval=-reach, maxval=reach
    )
    return tf.clip_by_value(image + noise, 0.0, 1.0)


def cut_out(image: tf.Tensor, seed: tf.Tensor, side: int) -> tf.Tensor:
    """Makes a square of paper somewhere in each `CUTOUT_SPACING` columns.

    Args:
      image: float32 [h, w, 1].
      seed: scalar int64.
      side: of the squares, in pixels; the picture's edge may cut one off.

    Returns:
      float32 [h, w, 1].
    """
    shape = tf.shape(image)
    height, width = shape[0], shape[1]
    cells = (width - 1) // CUTOUT_SPACING + 1
    chance = tf.random.stateless_uniform([2, cells], seed=tf.stack([seed, _CUTOUT_SEED]))
    top = tf.cast(chance[0] * tf.cast(height - side + 1, tf.float32), tf.int32)  # [cells]
    left = tf.cast(chance[1] * (CUTOUT_SPACING - side + 1), tf.int32)
    column = tf.range(width)
    cell = column // CUTOUT_SPACING
    from_left = column % CUTOUT_SPACING - tf.gather(left, cell)  # [w]
    from_top = tf.range(height)[:, tf.newaxis] - tf.gather(top, cell)  # [h, w]
    across = (from_left >= 0) & (from_left < side)
    cut = across & (from_top >= 0) & (from_top < side)  # [h, w]
    return tf.where(cut[:, :, tf.newaxis], 0.0, image)


def _warp_by_chance(
    image: tf.Tensor, seed: tf.Tensor, options: AugmentationOptions, keep_width: bool
) -> tf.Tensor:
    shape = tf.shape(image)
    height, width = shape[0], shape[1]
    shear, stretch, tilt, shift = tf.unstack(
        tf.random.stateless_uniform([4], seed=tf.stack([seed, _WARP_SEED]), minval=-1.0)
        * [options.shear, options.stretch, options.tilt, options.shift]
    )
    wide = tf.cast(width, tf.float32)
    new_width = width
    if options.stretch and not keep_width:
        new_width = tf.maximum(1, tf.cast(tf.round(wide * (1.0 + stretch)), tf.int32))
    # From the middle of the new picture, [h, 1] and [1, new w].
    row = (tf.range(height, dtype=tf.float32) - (tf.cast(height, tf.float32) - 1) / 2)[
        :, tf.newaxis
    ]
    column = tf.range(new_width, dtype=tf.float32) - (tf.cast(new_width, tf.float32) - 1) / 2
    column = column[tf.newaxis] / (1.0 + stretch)
    x = column + shear * row + (wide - 1) / 2
    y = row + tilt * 2.0 * column / wide + shift + (tf.cast(height, tf.float32) - 1) / 2
    if options.elastic:
        field = elastic_field(height, new_width, seed, options.elastic)
        y, x = y + field[:, :, 0], x + field[:, :, 1]
    warped = resample(image, y, x)
    return tf.ensure_shape(warped, [image.shape[0], None, 1])
