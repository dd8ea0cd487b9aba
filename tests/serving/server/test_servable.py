import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from serving.server.discard import discard
from serving.server.servable import Servable
from serving.server.status import Code, ServableError


@pytest.fixture(scope="module")
def servable(saved_model: Path) -> Iterator[Servable]:
    loaded = Servable(saved_model)
    yield loaded
    loaded.close()


def strings(*values: bytes) -> np.ndarray:
    return np.array(values, dtype=object)


def test_strings_come_in_and_out_as_bytes(servable: Servable) -> None:
    outputs = servable.predict("", {"image_bytes": strings(b"ab\x00", b"")})
    assert list(outputs) == ["confidence", "text"]
    assert outputs["text"].tolist() == [b"read 3", b"read 0"]
    np.testing.assert_allclose(outputs["confidence"], [0.3, 0.0])
    assert outputs["confidence"].dtype == np.float32


def test_numbers_and_a_scalar(servable: Servable) -> None:
    x = np.array([[1, 2]], np.float32)
    outputs = servable.predict("double", {"x": x, "n": np.array([5])})
    np.testing.assert_array_equal(outputs["doubled"], [[2, 4]])
    assert outputs["total"].shape == ()
    assert outputs["total"] == 3


def test_the_filter_chooses_outputs(servable: Servable) -> None:
    outputs = servable.predict("", {"image_bytes": strings(b"a")}, ["text"])
    assert list(outputs) == ["text"]


def test_shapes_that_session_run_refuses_are_the_models_business(servable: Servable) -> None:
    outputs = servable.predict("", {"image_bytes": np.array([[b"a"]], dtype=object)})
    assert outputs["text"].shape == (1, 1)


def test_the_input_dtypes_are_told(servable: Servable) -> None:
    assert servable.input_dtypes() == {"image_bytes": np.dtype(object)}
    assert servable.input_dtypes("double") == {"x": np.dtype("f4"), "n": np.dtype("i8")}


@pytest.mark.parametrize(
    ("signature", "inputs", "outputs", "code", "message"),
    [
        ("nope", {}, [], Code.FAILED_PRECONDITION, 'Serving signature key "nope" not found.'),
        ("", {}, [], Code.INVALID_ARGUMENT, "Missing but required: {image_bytes}"),
        ("", {"y": strings(b"")}, [], Code.INVALID_ARGUMENT, "Sent extra: {y}"),
        (
            "",
            {"image_bytes": np.array([1.0], np.float32)},
            [],
            Code.INVALID_ARGUMENT,
            "input 'image_bytes': expected string, got float32",
        ),
        ("", {"image_bytes": strings(b"")}, ["y"], Code.INVALID_ARGUMENT, "{confidence,text}"),
        (
            "",
            {"image_bytes": strings(b"")},
            ["text"] * 2,
            Code.INVALID_ARGUMENT,
            "duplicate output tensor alias: text",
        ),
        ("checked", {"x": np.array([-1], np.float32)}, [], Code.INVALID_ARGUMENT, "not positive"),
    ],
)
def test_errors_have_a_canonical_code(
    servable: Servable,
    signature: str,
    inputs: dict[str, np.ndarray],
    outputs: list[str],
    code: Code,
    message: str,
) -> None:
    with pytest.raises(ServableError) as caught:
        servable.predict(signature, inputs, outputs)
    assert caught.value.code == code
    assert message in caught.value.message


def test_the_codes_are_those_of_tensorflow() -> None:
    for name, number in vars(tf.errors).items():
        if name.isupper() and name in Code.__members__:
            assert Code[name] == number


def test_a_model_in_the_manner_of_tensorflow_1(tmp_path: Path) -> None:
    folder = tmp_path / "tf1"
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [None], name="x")
        weight = tf.compat.v1.get_variable("w", initializer=3.0, use_resource=False)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.saved_model.simple_save(session, str(folder), {"x": x}, {"y": x * weight})
    servable = Servable(folder)
    outputs = servable.predict("", {"x": np.array([2], np.float32)})
    np.testing.assert_array_equal(outputs["y"], [6])
    servable.close()


def test_a_keras_model(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input([3], name="x")
    model = keras.Model(inputs, keras.layers.Dense(2, kernel_initializer="ones")(inputs))
    model.export(str(tmp_path / "keras"), verbose=False)
    servable = Servable(tmp_path / "keras")
    (name,) = servable.input_dtypes()
    (output,) = servable.predict("", {name: np.ones([1, 3], np.float32)}).values()
    np.testing.assert_allclose(output, [[3, 3]])
    servable.close()


def test_a_discarded_model_leaves_no_graph_behind(saved_model: Path) -> None:
    servable = Servable(saved_model)
    servable.predict("", {"image_bytes": strings(b"a")})
    graph = weakref.ref(servable._session.graph)
    discard(servable)
    assert graph() is None


def test_a_damaged_model_does_not_load(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(OSError, match="Cannot parse file"):
        Servable(tmp_path)
