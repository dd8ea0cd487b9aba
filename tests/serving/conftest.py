import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

MODEL_NAME = "lines"


def write_model(folder: Path, greeting: str = "read") -> None:
    """Write a model that "reads" the length of an image, and multiplies numbers by two."""
    import tensorflow as tf

    class Tiny(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = tf.Variable(2.0)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def read(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            length = tf.strings.length(image_bytes)
            return {
                "text": tf.strings.join([greeting, tf.strings.as_string(length)], " "),
                "confidence": tf.cast(length, tf.float32) / 10.0,
            }

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, 2], tf.float32, name="x"),
                tf.TensorSpec([None], tf.int64, name="n"),
            ]
        )
        def double(self, x: tf.Tensor, n: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"doubled": self.factor * x, "n": n, "total": tf.reduce_sum(x)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="raw")])
        def echo(self, raw: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"raw_bytes": raw}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def checked(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            with tf.control_dependencies([tf.debugging.assert_positive(x, "not positive")]):
                return {"root": tf.sqrt(x)}

    tiny = Tiny()
    signatures = {
        "serving_default": tiny.read,
        "double": tiny.double,
        "echo": tiny.echo,
        "checked": tiny.checked,
    }
    tf.saved_model.save(tiny, str(folder), signatures=signatures)


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved_model") / "tiny"
    write_model(folder)
    return folder


@pytest.fixture(scope="session")
def base_path(saved_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("base")
    shutil.copytree(saved_model, base / "7")
    return base


@pytest.fixture(scope="session")
def server(base_path: Path) -> Iterator["object"]:
    from serving.server.model_server import ModelServer, ServerOptions

    options = ServerOptions(max_request_bytes=100_000, grace_seconds=5)
    with ModelServer(MODEL_NAME, base_path, options=options) as running:
        running.wait_until_available(30)
        yield running
