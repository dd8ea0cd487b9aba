import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A PNG of a line, of noise."""
    return png(28, 40)


def png(height: int, width: int, seed: int = 2) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="session")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pushed line model of random weights, with a beam and its LiteRT export."""
    import tensorflow as tf

    from schema.alphabet import Alphabet
    from serving.decoding_file import write_decoding
    from serving.export import LineReader, export_servable
    from serving.litert import LiteRtOptions, export_litert
    from serving.model_folder import DECODING_FILE, EXTRA_ASSETS, LITERT_FILE
    from transforms.calibration import Calibration
    from transforms.ctc import blank_padding
    from transforms.decoding_options import BEAM, DecodingOptions
    from transforms.line_decoding import LineDecoding
    from transforms.ngram import learn_ngrams

    alphabet = Alphabet("abc")
    weights = np.random.default_rng(0).normal(0, 1.5, (28, alphabet.num_classes))
    kernel = tf.Variable(weights.astype(np.float32))
    decoding = LineDecoding(
        DecodingOptions(BEAM, 16, 3),
        learn_ngrams([[1, 2, 3], [2, 2]], alphabet.num_classes, 3, 50),
        0.5,
        1.0,
        Calibration((0.6, 0.2), 0.5),
        Calibration((0.2,), 1.0),
    )

    def network(lines: tf.Tensor, widths: tf.Tensor) -> tf.Tensor:
        columns = tf.transpose(lines[..., 0], [0, 2, 1])  # [n, w, 28]
        return blank_padding(tf.tensordot(columns, kernel, 1), widths)

    folder = tmp_path_factory.mktemp("pushed") / "7"
    reader = LineReader(network, [kernel], alphabet, decoding)
    export_servable(reader, folder, alphabet, {"network": "random"}, [png(28, 40)])
    extra = folder / EXTRA_ASSETS
    write_decoding(decoding, extra / DECODING_FILE)
    lines = [np.random.default_rng(1).random((28, 40), np.float32)]
    options = LiteRtOptions(columns=64)
    export_litert(network, [kernel], alphabet, lines, extra / LITERT_FILE, options)
    return folder
