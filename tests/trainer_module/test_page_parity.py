"""A page servable of both real networks reads what each of them says alone."""

import numpy as np
import pytest
import tensorflow as tf

from schema.alphabet import LATIN
from serving.export import LineReader, export_servable
from serving.line_detector import LineDetector
from serving.page_export import compose_page
from serving.server.servable import Servable
from serving.signatures import BOXES, COUNT, IMAGE_BYTES, SERVING_DEFAULT, TEXT, TEXTS
from trainer_module.hyperparameters.fcn import FcnHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.networks.fcn import STRIDE, Fcn
from trainer_module.networks.lstm_ctc import LstmCtc
from trainer_module.networks.stem import IMAGE, WIDTH
from transforms.crop import box_extents, ink_extent

ROWS = (40, 100, 160)


def draw_page():
    """Dashes of all greys on paper: lines that end where others go on."""
    page = np.full((200, 300), 230, np.uint8)
    greys = np.random.default_rng(0).integers(0, 140, 300)
    for number, row in enumerate(ROWS):
        for left in range(20, 160 + 40 * number, 6):
            page[row - 12 : row, left : left + 3] = greys[left]
    return page


def encode(pixels):
    return tf.io.encode_png(pixels[:, :, np.newaxis]).numpy()


def write_detector(folder):
    network = Fcn(FcnHyperparameters(stem_width=4, widths=(6, 8), convolutions=1))

    def see(pages):
        # Untrained, the network would find nothing: ink decides, and the network has a say in it.
        ink = tf.nn.avg_pool2d(pages, (4, 64), STRIDE, "SAME")
        reach = tf.fill(tf.concat([tf.shape(ink)[:3], [2]], 0), 2.0)  # e ** 2 pixels, up and down
        known = tf.concat([20.0 * ink - 4.0, reach], axis=3)
        return known + 0.01 * network(pages, training=False)

    variables = [variable.value for variable in network.variables]
    page = encode(draw_page())
    export_servable(LineDetector(see, STRIDE, variables), folder, None, {}, [page])


def write_line_reader(folder):
    network = LstmCtc(LstmCtcHyperparameters(lstm_units=(24,)), LATIN.num_classes)
    # Far from its initial state the network reads something in every frame.
    for variable in network.trainable_variables:
        variable.assign(variable + 0.3 * tf.random.normal(variable.shape))
    reader = LineReader(
        lambda lines, widths: network({IMAGE: lines, WIDTH: widths}, training=False),
        [variable.value for variable in network.variables],
        LATIN,
    )
    export_servable(reader, folder, LATIN, {}, [])


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The page servable and its parents, loaded as TensorFlow Serving loads them."""
    tf.keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("models")
    write_detector(folder / "detector")
    write_line_reader(folder / "lines")
    page = compose_page(folder / "detector", folder / "lines", folder / "pages")
    return [Servable(path) for path in (page, folder / "detector", folder / "lines")]


def ask(servable, *pictures):
    return servable.predict(SERVING_DEFAULT, {IMAGE_BYTES: np.array(pictures, object)})


@pytest.mark.slow
def test_the_page_says_what_its_parents_say(models):
    page_reader, detector, line_reader = models
    page = draw_page()
    read, found = ask(page_reader, encode(page)), ask(detector, encode(page))
    assert read[COUNT].tolist() == found[COUNT].tolist() == [len(ROWS)]
    np.testing.assert_allclose(read[BOXES], found[BOXES], rtol=1e-5)
    extents = box_extents(tf.constant(found[BOXES][0]), tf.constant(page.shape))
    narrowed = [ink_extent(tf.constant(page), extent).numpy() for extent in extents]
    crops = [encode(page[top:bottom, left:right]) for top, left, bottom, right in narrowed]
    texts = [ask(line_reader, crop)[TEXT][0] for crop in crops]
    assert read[TEXTS][0].tolist() == texts
    assert all(texts)
