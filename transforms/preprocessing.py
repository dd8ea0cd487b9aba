"""The `preprocessing_fn` of Transform: ingested lines become normalised pictures of lines."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from schema import features
from transforms.image import quantise_line, read_line
from transforms.slices import character_kinds, cluster_of, length_band, width_band
from transforms.synthesis import glyphs_from_bytes, synthesise_line
from transforms.synthesis_options import SynthesisOptions
from transforms.tracing import traced

SYNTHESIS_CONFIG = "synthesis"
"""Key of Transform's `custom_config` that holds the fields of `SynthesisOptions`."""

_PASSED_ON = (
    features.SAMPLE_ID,
    features.TEXT,
    features.GLYPHS,
    features.SOURCE,
    features.WRITER,
    features.VOCABULARY,
    features.TEXT_LENGTH,
    features.IMAGE_HEIGHT,
    features.IMAGE_WIDTH,
    features.ASPECT,
    features.INK_RATIO,
    features.BRIGHTNESS_MEAN,
    features.BRIGHTNESS_DEVIATION,
    features.SHARPNESS,
)
_CLUSTERED_BY = (features.SOURCE, features.WRITER, features.PAGE, features.SAMPLE_ID)


def preprocessing_fn(
    inputs: dict[str, tf.Tensor], custom_config: dict[str, Any]
) -> dict[str, tf.Tensor | tf.SparseTensor]:
    """Makes the normalised picture of each line in graph, from its picture or its glyphs.

    Args:
      inputs: the ingested features of `schema.features`, each [n, 1].
      custom_config: `SYNTHESIS_CONFIG` holds the synthesis options.

    Returns:
      the transformed features of `schema.features`, each [n, 1] but for
      `features.CHARACTER_KINDS`, sparse [n, k].
    """
    draw = _make_drawing(SynthesisOptions(**custom_config[SYNTHESIS_CONFIG]))
    given = (features.IMAGE, features.GLYPHS, features.SEED)
    images, widths, have_ink = draw(*(inputs[key][:, 0] for key in given))
    outputs: dict[str, tf.Tensor | tf.SparseTensor] = {key: inputs[key] for key in _PASSED_ON}
    outputs[features.IMAGE] = images[:, tf.newaxis]
    outputs[features.LINE_WIDTH] = widths[:, tf.newaxis]
    outputs[features.LINE_HAS_INK] = have_ink[:, tf.newaxis]
    outputs[features.LENGTH_BAND] = length_band(inputs[features.TEXT])
    outputs[features.WIDTH_BAND] = width_band(outputs[features.LINE_WIDTH])
    outputs[features.CHARACTER_KINDS] = character_kinds(inputs[features.TEXT])
    outputs[features.CLUSTER] = cluster_of(*(inputs[key] for key in _CLUSTERED_BY))
    return outputs


@functools.lru_cache(maxsize=4)
def _make_drawing(options: SynthesisOptions) -> Callable[..., tuple[tf.Tensor, ...]]:
    """Returns what draws lines, a function of its own in the graph.

    Transform traces `preprocessing_fn` half a dozen times in one process; this part, which is most
    of it, only the first time.
    """

    def draw(line: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        picture, stack, seed = line
        pixels = tf.cond(
            tf.strings.length(picture) > 0,
            lambda: quantise_line(read_line(picture)),
            lambda: synthesise_line(glyphs_from_bytes(stack), seed, options),
        )  # [LINE_HEIGHT, width]
        return (
            tf.io.encode_png(pixels[:, :, tf.newaxis]),
            tf.shape(pixels, out_type=tf.int64)[1],
            tf.cast(tf.reduce_max(pixels) > 0, tf.int64),
        )

    @traced(
        input_signature=[
            tf.TensorSpec([None], tf.string),
            tf.TensorSpec([None], tf.string),
            tf.TensorSpec([None], tf.int64),
        ]
    )
    def draw_all(pictures: tf.Tensor, stacks: tf.Tensor, seeds: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return tf.map_fn(
            draw, (pictures, stacks, seeds), fn_output_signature=(tf.string, tf.int64, tf.int64)
        )

    return draw_all
