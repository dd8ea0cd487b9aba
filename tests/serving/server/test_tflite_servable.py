from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import tensorflow as tf

from serving.server.load_settings import LoadSettings
from serving.server.model_server import ModelServer, ServerOptions
from serving.server.status import Code, ServableError
from serving.server.tflite_servable import TfliteServable


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    class Affine(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
        def affine(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"doubled": 2 * x, "sums": tf.reduce_sum(x, axis=1)}

    folder = tmp_path_factory.mktemp("lite")
    affine = Affine()
    tf.saved_model.save(
        affine, str(folder / "saved"), signatures={"serving_default": affine.affine}
    )
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved"))
    (folder / "base" / "4").mkdir(parents=True)
    (folder / "base" / "4" / "model.tflite").write_bytes(converter.convert())
    return folder / "base"


@pytest.fixture
def servable(base: Path) -> Iterator[TfliteServable]:
    loaded = TfliteServable(base / "4" / "model.tflite", interpreters=2)
    yield loaded
    loaded.close()


def test_batches_of_any_size(servable: TfliteServable) -> None:
    for count in (1, 3, 2):
        x = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
        outputs = servable.predict("", {"x": x})
        np.testing.assert_array_equal(outputs["doubled"], 2 * x)
        np.testing.assert_array_equal(outputs["sums"], x.sum(axis=1))


def test_the_signature_is_told(servable: TfliteServable) -> None:
    assert servable.input_dtypes() == {"x": np.dtype("f4")}
    info = servable.signatures["serving_default"].inputs["x"]
    assert [dim.size for dim in info.tensor_shape.dim] == [-1, 2]


@pytest.mark.parametrize(
    ("signature", "inputs", "code"),
    [
        ("s", {}, Code.FAILED_PRECONDITION),
        ("", {}, Code.INVALID_ARGUMENT),
        ("", {"x": np.zeros([1, 2])}, Code.INVALID_ARGUMENT),
        ("", {"x": np.zeros([1, 2, 3], np.float32)}, Code.INVALID_ARGUMENT),
    ],
)
def test_refusals(servable: TfliteServable, signature: str, inputs: dict, code: Code) -> None:
    with pytest.raises(ServableError) as caught:
        servable.predict(signature, inputs)
    assert caught.value.code == code
    x = np.ones([1, 2], np.float32)
    assert servable.predict("", {"x": x})["sums"].tolist() == [2.0], "the next call is as ever"


def test_it_is_served(base: Path) -> None:
    options = ServerOptions(load=LoadSettings(prefer_tflite=True))
    with ModelServer("lite", base, grpc_port=0, options=options) as server:
        assert server.wait_until_available(20) == 4
        url = f"{server.rest_url}/v1/models/lite"
        response = httpx.post(f"{url}:predict", json={"instances": [[1, 2]]}, trust_env=False)
        assert response.json() == {"predictions": [{"doubled": [2.0, 4.0], "sums": 3.0}]}
        assert httpx.get(f"{url}/metadata", trust_env=False).status_code == 200


def test_what_is_no_model_does_not_load(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"\S"):
        TfliteServable(tmp_path / "model.tflite")
