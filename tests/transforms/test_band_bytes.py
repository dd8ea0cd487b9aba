import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schema import line_bands
from transforms.band_bytes import move_bands, pack_bands, scale_bands, unpack_bands

rows = hnp.arrays(
    np.float32,
    st.tuples(st.integers(0, 4), st.just(line_bands.COLUMNS)),
    elements=st.floats(-1e6, 1e6, width=32),
)
pack = tf.function(pack_bands, input_signature=[tf.TensorSpec([None, line_bands.COLUMNS])])
unpack = tf.function(unpack_bands, input_signature=[tf.TensorSpec([], tf.string)])


@given(rows)
@settings(max_examples=30, deadline=None)
def test_packing_and_unpacking_are_inverse_in_graph_and_outside(bands):
    packed = pack(bands).numpy()
    assert packed == line_bands.pack_rows(bands)
    np.testing.assert_array_equal(unpack(packed), bands)
    np.testing.assert_array_equal(line_bands.unpack_rows(packed), bands)


def test_in_a_data_set():
    bands = np.arange(2 * line_bands.COLUMNS, dtype=np.float32).reshape(2, -1)
    packed = tf.data.Dataset.from_tensors(bands).map(pack_bands).map(unpack_bands)
    np.testing.assert_array_equal(next(iter(packed)), bands)


def band():
    row = np.zeros((1, line_bands.COLUMNS), np.float32)
    row[0, line_bands.BOX] = 10, 20, 30, 120
    row[0, line_bands.HEIGHT], row[0, line_bands.OVER], row[0, line_bands.UNDER] = 8, 15, 5
    row[0, line_bands.COUNTED] = 1
    row[0, line_bands.X] = np.linspace(20, 120, line_bands.POINTS)
    row[0, line_bands.Y] = 25
    return row


def test_scaling():
    scaled = scale_bands(tf.constant(band()), tf.constant([0.5, 0.1])).numpy()[0]
    np.testing.assert_allclose(scaled[line_bands.BOX], [5, 2, 15, 12], rtol=1e-6)
    np.testing.assert_allclose(scaled[line_bands.HEIGHT : line_bands.COUNTED], [4, 7.5, 2.5])
    assert scaled[line_bands.COUNTED] == 1
    np.testing.assert_allclose(scaled[line_bands.X][[0, -1]], [2, 12], rtol=1e-6)
    np.testing.assert_allclose(scaled[line_bands.Y], 12.5)


def test_moving():
    # Twice as large, then 100 to the right and 1 up.
    matrix, shift = tf.constant([[2.0, 0.0], [0.0, 2.0]]), tf.constant([100.0, -1.0])
    moved = move_bands(tf.constant(band()), matrix, shift, tf.constant(2.0)).numpy()[0]
    np.testing.assert_allclose(moved[line_bands.X][[0, -1]], [140, 340])
    np.testing.assert_allclose(moved[line_bands.Y], 49)
    np.testing.assert_allclose(moved[line_bands.HEIGHT : line_bands.COUNTED], [16, 30, 10])
    assert moved[line_bands.COUNTED] == 1


def test_bytes_of_another_length_are_refused():
    with pytest.raises(tf.errors.InvalidArgumentError):
        unpack(b"1234")
