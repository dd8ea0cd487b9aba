import numpy as np
import tensorflow as tf

from schema import line_bands
from transforms.band_maps import draw_bands

in_graph = tf.function(
    lambda bands: draw_bands(bands, 20, 30, 4),
    input_signature=[tf.TensorSpec([None, line_bands.COLUMNS], tf.float32)],
)


def band(left, right, base, small=16.0, over=24.0, under=8.0, counted=1, rise=0.0):
    row = np.zeros(line_bands.COLUMNS, np.float32)
    row[line_bands.HEIGHT], row[line_bands.OVER], row[line_bands.UNDER] = small, over, under
    row[line_bands.COUNTED] = counted
    row[line_bands.X] = np.linspace(left, right, line_bands.POINTS)
    row[line_bands.Y] = base + np.linspace(0, rise, line_bands.POINTS)
    return row


def draw(*bands):
    return {name: value.numpy() for name, value in in_graph(np.stack(bands)).items()}


def test_a_core_lies_in_the_small_letters():
    maps = draw(band(8, 40, base=40))
    # Small letters are 16 pixels high; the core is 2.4 to 11.2 above the baseline, at rows whose
    # centres are at 30 and 34 and 38: 10 and 6 above it are inside, 2 is not.
    rows, columns = np.nonzero(maps["core"])
    assert sorted(set(rows)) == [7, 8]
    # Centres from 8 to 40 pixels: 10 is column 2, 38 is column 9.
    assert (columns.min(), columns.max()) == (2, 9)
    assert maps["weight"].all()


def test_reaches_lead_to_the_box():
    reach = draw(band(8, 40, base=40))["reach"][7, 5]
    # The row's centre is at 30: the box is from 40 - 24 to 40 + 8.
    np.testing.assert_allclose(reach, [14, 18])


def test_a_core_follows_its_baseline():
    core = draw(band(0, 120, base=20, rise=40))["core"]
    assert core[:, 2].argmax() < core[:, 15].argmax() < core[:, 28].argmax()


def test_a_thin_core_does_not_vanish():
    for base in np.arange(30, 38, 0.5):
        assert draw(band(8, 40, base=base, small=1.0))["core"][:, 5].any()


def test_neighbours_do_not_touch():
    core = draw(band(8, 40, base=28), band(8, 40, base=52))["core"][:, 5]
    assert np.count_nonzero(np.diff(core) > 0) == 2


def test_where_cores_cross_the_nearer_line_has_the_pixel():
    maps = draw(band(8, 40, base=40, over=24), band(8, 40, base=48, over=100))
    # Rows' centres 30, 34, 38, 42; middles of the cores 40 - 6.8 and 48 - 6.8.
    np.testing.assert_allclose(maps["reach"][8, 5, 0], 34 - 16)
    np.testing.assert_allclose(maps["reach"][10, 5, 0], 42 + 52)


def test_an_ignored_line_has_no_weight():
    maps = draw(band(8, 40, base=40, counted=0))
    assert not maps["core"].any()
    # Its box is from 16 to 48.
    rows, columns = np.nonzero(maps["weight"] == 0)
    assert (rows.min(), rows.max()) == (4, 11)
    assert (columns.min(), columns.max()) == (2, 9)


def test_a_counted_line_has_weight_inside_an_ignored_one():
    maps = draw(band(8, 40, base=40, counted=0), band(8, 40, base=40))
    assert maps["weight"][maps["core"] == 1].all()


def test_a_page_without_lines():
    maps = {name: value.numpy() for name, value in in_graph(np.zeros([0, 42], np.float32)).items()}
    assert maps["core"].shape == (20, 30)
    assert not maps["core"].any()
    assert maps["weight"].all()
    assert maps["reach"].shape == (20, 30, 2)
