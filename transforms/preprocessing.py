"""The `preprocessing_fn` of Transform: ingested lines become pictures of lines."""

from typing import Any

import tensorflow as tf

from schema import features
from transforms.synthesis import synthesise_png
from transforms.synthesis_options import SynthesisOptions

SYNTHESIS_CONFIG = "synthesis"
"""Key of Transform's `custom_config` that holds the fields of `SynthesisOptions`."""

_PASSED_ON = (
    features.SAMPLE_ID,
    features.TEXT,
    features.SOURCE,
    features.VOCABULARY,
    features.TEXT_LENGTH,
    features.INK_RATIO,
    features.BRIGHTNESS_MEAN,
    features.BRIGHTNESS_DEVIATION,
)


def preprocessing_fn(
    inputs: dict[str, tf.Tensor], custom_config: dict[str, Any]
) -> dict[str, tf.Tensor]:
    """Synthesises the picture of each line in graph.

    Args:
      inputs: the ingested features of `schema.features`, each [n, 1].
      custom_config: `SYNTHESIS_CONFIG` holds the synthesis options.

    Returns:
      the transformed features of `schema.features`, each [n, 1].
    """
    options = SynthesisOptions(**custom_config[SYNTHESIS_CONFIG])
    images, widths = synthesise_png(
        inputs[features.GLYPHS][:, 0], inputs[features.SEED][:, 0], options
    )
    outputs = {key: inputs[key] for key in _PASSED_ON}
    outputs[features.IMAGE] = images[:, tf.newaxis]
    outputs[features.IMAGE_WIDTH] = widths[:, tf.newaxis]
    return outputs
