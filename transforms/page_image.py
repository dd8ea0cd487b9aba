"""From a page's picture to the detector's input, in training and serving alike.

The page's twin of `image.py`. A page is first scaled (once, by Transform, where it is trained
on), then its paper is made dark and even and its ink bright.
"""

import tensorflow as tf

WORKING_SIDE = 1024
"""Longer side of a scaled page in pixels: lines of 8 mm on A4 are 28 pixels apart, and their
small letters, a third of that, still some pixels high. Smaller pages are not enlarged."""

_BLOCK = 16
"""Side in pixels of the squares whose brightest pixel is paper: wider than any stroke."""

_REGION = 5  # squares over which the light is taken as even
_DARKEST_PAPER = 0.05  # of full brightness; a darker spot is not stretched further
_FAINTEST = 0.1  # ink weaker than so much of the paper's brightness is not stretched further


def scale_page(grey: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Reduces a page to the working size; a page that has it stays as it is.

    Args:
      grey: uint8 [height, width], any size.

    Returns:
      uint8 [new height, new width], and the factor of each side, float32 [2]: y and x.
    """
    size = tf.shape(grey)
    sides = tf.cast(size, tf.float32)
    scale = tf.minimum(WORKING_SIDE / tf.reduce_max(sides), 1.0)
    new_size = tf.maximum(tf.cast(tf.round(sides * scale), tf.int32), 1)

    def reduce() -> tf.Tensor:
        wide = tf.cast(grey, tf.float32)[:, :, tf.newaxis]
        resized = tf.image.resize(wide, new_size, antialias=True)
        return tf.cast(tf.round(tf.clip_by_value(resized[:, :, 0], 0.0, 255.0)), tf.uint8)

    same = tf.reduce_all(tf.equal(size, new_size))
    scaled = tf.cond(same, lambda: tf.convert_to_tensor(grey), reduce)
    scaled.set_shape([None, None])
    return scaled, tf.cast(new_size, tf.float32) / sides


def normalise_page(grey: tf.Tensor) -> tf.Tensor:
    """Evens out the light and brings ink near 1 and paper near 0, whichever was the brighter.

    The paper's brightness is that of the brightest pixel of each small square, averaged over the
    squares around and spread between them; ink is what is darker, as a share of it.

    Args:
      grey: uint8 [height, width], scaled.

    Returns:
      float32 [height, width, 1] in 0..1; a blank page is all 0.
    """
    image = tf.cast(grey, tf.float32)[tf.newaxis, :, :, tf.newaxis] / 255.0
    ink = _darker_than_paper(tf.cond(_ink_is_bright(image), lambda: 1.0 - image, lambda: image))
    # The mean ink weighted by the square of itself: that of strokes, whatever share they have.
    strength = tf.math.divide_no_nan(tf.reduce_sum(ink**3), tf.reduce_sum(ink**2))
    return tf.minimum(ink[0] / tf.maximum(strength, _FAINTEST), 1.0)


def _ink_is_bright(image: tf.Tensor) -> tf.Tensor:
    """Tells whether most of a small square is nearer to its darkest pixel than to its brightest.

    The mean brightness of a page would not tell: a dark table around it outweighs its paper.
    """
    brightest = tf.nn.max_pool2d(image, _BLOCK, _BLOCK, "SAME")
    darkest = -tf.nn.max_pool2d(-image, _BLOCK, _BLOCK, "SAME")
    mean = tf.nn.avg_pool2d(image, _BLOCK, _BLOCK, "SAME")
    return tf.reduce_mean(brightest + darkest - 2.0 * mean) > 0.0


def _darker_than_paper(image: tf.Tensor) -> tf.Tensor:
    """Returns by how much each pixel is darker than the paper, as a share of the paper.

    Args:
      image: float32 [1, h, w, 1] in 0..1, paper brighter than ink.

    Returns:
      the same shape, in 0..1.
    """
    brightest = tf.nn.max_pool2d(image, _BLOCK, _BLOCK, "SAME")
    even = tf.nn.avg_pool2d(brightest, _REGION, 1, "SAME")
    paper = tf.image.resize(even, tf.shape(image)[1:3])
    return tf.maximum(paper - image, 0.0) / tf.maximum(paper, _DARKEST_PAPER)
