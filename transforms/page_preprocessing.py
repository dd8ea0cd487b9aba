"""The `preprocessing_fn` of Transform for pages: each is scaled to the detector's working size."""

from typing import Any

import tensorflow as tf

from schema import features
from transforms.band_bytes import pack_bands, scale_bands, unpack_bands
from transforms.image import decode_image
from transforms.page_image import scale_page
from transforms.slices import cluster_of

_PASSED_ON = (
    features.SAMPLE_ID,
    features.SOURCE,
    features.WRITER,
    features.LINE_COUNT,
    features.TYPICAL_HEIGHT,
    features.IMAGE_HEIGHT,
    features.IMAGE_WIDTH,
    features.ASPECT,
    features.INK_RATIO,
    features.BRIGHTNESS_MEAN,
    features.BRIGHTNESS_DEVIATION,
    features.SHARPNESS,
)


def preprocessing_fn(
    inputs: dict[str, tf.Tensor], custom_config: dict[str, Any]
) -> dict[str, tf.Tensor]:
    """Scales the picture and the lines of each page in graph.

    Light and contrast are left to whoever looks at the page: the detector does it in serving too.

    Args:
      inputs: the ingested features of `schema.features`, each [n, 1].
      custom_config: not looked at.

    Returns:
      the transformed features of `schema.features`, each [n, 1].
    """
    del custom_config

    def scale(page: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        image_bytes, packed = page
        scaled, factors = scale_page(decode_image(image_bytes))
        bands = scale_bands(unpack_bands(packed), factors)
        return tf.io.encode_png(scaled[:, :, tf.newaxis]), pack_bands(bands)

    images, bands = tf.map_fn(
        scale,
        (inputs[features.IMAGE][:, 0], inputs[features.LINE_BANDS][:, 0]),
        fn_output_signature=(tf.string, tf.string),
        parallel_iterations=1,
    )
    outputs = {key: inputs[key] for key in _PASSED_ON}
    outputs[features.IMAGE] = images[:, tf.newaxis]
    outputs[features.LINE_BANDS] = bands[:, tf.newaxis]
    names = inputs[features.SAMPLE_ID]
    # A page is no part of another one: without a writer it stands by itself.
    nowhere = tf.zeros_like(names)
    outputs[features.CLUSTER] = cluster_of(
        inputs[features.SOURCE], inputs[features.WRITER], nowhere, names
    )
    return outputs
