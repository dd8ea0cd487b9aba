"""The in-graph synthesis of Transform as a Beam step, for `ingest_cases.py`.

Apart, because Beam's workers import it by name.
"""

from collections.abc import Iterator

import apache_beam as beam

from schema import features

_COUNTS = (features.TEXT_LENGTH, features.IMAGE_HEIGHT, features.IMAGE_WIDTH, features.SEED)
_MEASURES = (
    *(features.ASPECT, features.INK_RATIO, features.SHARPNESS),
    *(features.BRIGHTNESS_MEAN, features.BRIGHTNESS_DEVIATION),
)
_TEXTS = (
    *(features.SAMPLE_ID, features.TEXT, features.SOURCE, features.WRITER, features.PAGE),
    *(features.VOCABULARY, features.GLYPHS, features.IMAGE),
)


class DrawInGraph(beam.DoFn):
    """Runs `preprocessing_fn` on batches of serialised examples, on one thread a worker."""

    def setup(self) -> None:
        """Makes the graph, which is traced once."""
        import tensorflow as tf

        from transforms.preprocessing import SYNTHESIS_CONFIG, preprocessing_fn

        for limit in (
            tf.config.threading.set_intra_op_parallelism_threads,
            tf.config.threading.set_inter_op_parallelism_threads,
        ):
            limit(1)
        numbers = dict.fromkeys(_COUNTS, tf.int64) | dict.fromkeys(_MEASURES, tf.float32)
        spec = {
            key: tf.io.FixedLenFeature([1], numbers.get(key, tf.string))
            for key in (*_TEXTS, *numbers)
        }

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def draw(examples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            parsed = tf.io.parse_example(examples, spec)
            drawn = preprocessing_fn(parsed, {SYNTHESIS_CONFIG: {}})
            return drawn[features.TEXT][:, 0], drawn[features.IMAGE][:, 0]

        self._draw = draw

    def process(self, batch: list[bytes]) -> Iterator[bytes]:
        """Yields an example with text and picture for each line."""
        import tensorflow as tf

        from pipeline.ingest.example_bytes import serialise_example

        for text, image in zip(*self._draw(tf.constant(batch)), strict=True):
            yield serialise_example({features.TEXT: text.numpy(), features.IMAGE: image.numpy()})
