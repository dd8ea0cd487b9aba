"""What training saw and what the served model sees are the same line, and give the same reading."""

import numpy as np
import pytest
import tensorflow as tf

from schema import features
from schema.alphabet import LATIN
from serving.export import LineReader, export_servable
from serving.server.servable import Servable
from serving.signatures import (
    CHARACTER_CONFIDENCES,
    CONFIDENCE,
    EXAMPLES,
    FEATURES,
    IMAGE_BYTES,
    SERVING_DEFAULT,
    SERVING_EXAMPLES,
    TEXT,
)
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.input_pipeline import Batching, evaluation_batches
from trainer_module.networks.lstm_ctc import LstmCtc
from trainer_module.networks.stem import IMAGE, WIDTH
from trainer_module.tasks.lines import share_look
from transforms.calibration import Calibration
from transforms.confidence import NO_CHARACTER
from transforms.decoding import read_logits
from transforms.decoding_options import BEAM, GREEDY, DecodingOptions
from transforms.image import read_lines
from transforms.line_decoding import LineDecoding
from transforms.ngram import learn_ngrams
from transforms.text import decode_classes


def random_image(width, seed):
    return np.random.default_rng(seed).integers(0, 120, (28, width), np.uint8)


IMAGES = [random_image(width, seed) for seed, width in enumerate((61, 333, 120, 61))]


@pytest.fixture(scope="module")
def network():
    tf.keras.utils.set_random_seed(0)
    network = LstmCtc(LstmCtcHyperparameters(), LATIN.num_classes)
    # Far from its initial state the network reads something in every frame.
    for variable in network.trainable_variables:
        variable.assign(variable + 0.3 * tf.random.normal(variable.shape))
    return network


@pytest.fixture(scope="module")
def files(write_lines):
    return write_lines([("abc", image) for image in IMAGES])


@pytest.fixture(scope="module")
def examples(files):
    paths = [path for pattern in files for path in tf.io.gfile.glob(pattern)]
    return list(tf.data.TFRecordDataset(paths, "GZIP").as_numpy_iterator())


DECODINGS = {
    GREEDY: LineDecoding(),
    BEAM: LineDecoding(
        DecodingOptions(BEAM, beam_width=5),
        learn_ngrams([LATIN.encode("A line, and another.")], LATIN.num_classes, 3, 40),
        alpha=0.4,
        beta=1.2,
        characters=Calibration((0.7, 0.1), 0.3),
        lines=Calibration((0.2,), 0.1),
    ),
}


@pytest.fixture(scope="module", params=DECODINGS)
def decoding(request):
    return DECODINGS[request.param]


@pytest.fixture(scope="module")
def exported(network, decoding, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "1"
    reads, describes = share_look(network)
    variables = [variable.value for variable in network.variables]
    reader = LineReader(reads, variables, LATIN, decoding, describes)
    export_servable(reader, folder, LATIN, {"network": "lstm_ctc"}, [])
    return folder


@pytest.fixture(scope="module")
def trained_readings(network, decoding, files):
    """Readings through the Trainer's own input pipeline: text, and how sure of it."""
    found = []
    for inputs, _ in evaluation_batches(files, Batching(LATIN, 8, 2)):
        readings = read_logits(network(inputs, training=False), decoding)
        texts = decode_classes(readings.classes, LATIN).numpy()
        found += zip(texts, *(sure.numpy() for sure in readings[1:]), strict=True)
    return found


def pngs(examples):
    parsed = (tf.train.Example.FromString(example) for example in examples)
    return [example.features.feature[features.IMAGE].bytes_list.value[0] for example in parsed]


def test_served_readings_are_those_of_training(exported, examples, trained_readings):
    served = tf.saved_model.load(str(exported)).signatures[SERVING_DEFAULT](
        **{IMAGE_BYTES: tf.constant(pngs(examples))}
    )
    got = (served[name].numpy() for name in (TEXT, CONFIDENCE, CHARACTER_CONFIDENCES))
    by_text = {text: (sure, characters) for text, sure, characters in zip(*got, strict=True)}
    assert len(by_text) > 1
    for text, sure, characters in trained_readings:
        served_sure, served_characters = by_text[text]
        count = len(text.decode())
        assert count
        assert served_sure == pytest.approx(sure, rel=1e-3)
        np.testing.assert_allclose(served_characters[:count], characters[:count], rtol=1e-3)
        assert np.all(served_characters[count:] == NO_CHARACTER)


def test_a_loader_in_the_manner_of_tensorflow_1_reads_the_same(exported, examples):
    servable = Servable(exported)
    loaded = tf.saved_model.load(str(exported)).signatures
    for signature, key, values in (
        (SERVING_DEFAULT, IMAGE_BYTES, pngs(examples)),
        (SERVING_EXAMPLES, EXAMPLES, examples),
    ):
        first = servable.predict(signature, {key: np.array(values, object)})
        second = loaded[signature](**{key: tf.constant(values)})
        assert first[TEXT].tolist() == second[TEXT].numpy().tolist()
        for name in (CONFIDENCE, CHARACTER_CONFIDENCES):
            np.testing.assert_allclose(first[name], second[name], rtol=1e-5)


def test_both_signatures_read_the_same(exported, examples):
    signatures = tf.saved_model.load(str(exported)).signatures
    by_image = signatures[SERVING_DEFAULT](**{IMAGE_BYTES: tf.constant(pngs(examples))})
    by_example = signatures[SERVING_EXAMPLES](**{EXAMPLES: tf.constant(examples)})
    assert by_image[TEXT].numpy().tolist() == by_example[TEXT].numpy().tolist()


def test_a_line_reads_the_same_alone_and_in_a_batch(exported, examples):
    read = tf.saved_model.load(str(exported)).signatures[SERVING_DEFAULT]
    together = read(**{IMAGE_BYTES: tf.constant(pngs(examples))})[TEXT].numpy()
    for image, text in zip(pngs(examples), together, strict=True):
        assert read(**{IMAGE_BYTES: tf.constant([image])})[TEXT].numpy()[0] == text


def test_any_size_and_polarity_and_jpeg_are_read(exported):
    read = tf.saved_model.load(str(exported)).signatures[SERVING_DEFAULT]
    picture = tf.constant(np.full((90, 400, 3), 230, np.uint8))
    outputs = read(
        **{IMAGE_BYTES: tf.stack([tf.io.encode_jpeg(picture), tf.io.encode_png(picture[:1])])}
    )
    assert outputs[TEXT].shape == (2,)
    assert np.all((outputs[CONFIDENCE] >= 0) & (outputs[CONFIDENCE] <= 1))


def test_no_picture_gives_no_reading(exported):
    read = tf.saved_model.load(str(exported)).signatures[SERVING_DEFAULT]
    outputs = read(**{IMAGE_BYTES: tf.zeros([0], tf.string)})
    assert outputs[TEXT].shape == outputs[CONFIDENCE].shape == (0,)
    assert outputs[CHARACTER_CONFIDENCES].shape[0] == 0


def test_features_are_those_of_the_trunk(exported, examples, network):
    pictures = pngs(examples)
    given = {IMAGE_BYTES: np.array(pictures, object)}
    served = Servable(exported).predict(FEATURES, given)[FEATURES]
    lines, widths = read_lines(tf.constant(pictures))
    np.testing.assert_allclose(
        served, network.describe({IMAGE: lines, WIDTH: widths}), rtol=1e-4, atol=1e-5
    )


def test_no_picture_gives_no_features(exported):
    describe = tf.saved_model.load(str(exported)).signatures[FEATURES]
    assert describe(**{IMAGE_BYTES: tf.zeros([0], tf.string)})[FEATURES].shape[0] == 0
