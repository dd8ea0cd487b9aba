import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = "examples"


def write_examples_model(folder: Path) -> None:
    """Write a model in the manner of TensorFlow 1 with signatures to classify and regress.

    Of an example with the number `x` (and `offset`, 0 if it has none) it says 2 x + offset, and
    that it is "yes" by x and "no" by 1 - x.
    """
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        examples = v1.placeholder(tf.string, [None], name="examples")
        spec = {
            "x": tf.io.FixedLenFeature([], tf.float32),
            "offset": tf.io.FixedLenFeature([], tf.float32, 0.0),
        }
        parsed = tf.io.parse_example(examples, spec)
        x = parsed["x"]
        factor = v1.get_variable("factor", initializer=2.0)
        regressed = factor * x + parsed["offset"]
        scores = tf.stack([x, 1 - x], axis=1)
        classes = tf.tile([["yes", "no"]], [tf.size(x), 1])
        session.run(v1.global_variables_initializer())

        def signature(method: str, **outputs: Any) -> Any:
            return v1.saved_model.build_signature_def(
                {"inputs": v1.saved_model.build_tensor_info(examples)},
                {k: v1.saved_model.build_tensor_info(v) for k, v in outputs.items()},
                f"tensorflow/serving/{method}",
            )

        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            {
                "serving_default": signature("classify", classes=classes, scores=scores),
                "scores": signature("classify", scores=scores),
                "classes": signature("classify", classes=classes),
                "regress": signature("regress", outputs=regressed),
                "column": signature("regress", outputs=regressed[:, None]),
                "matrix": signature("regress", outputs=scores),
                "wrong": signature("classify", something=scores),
                "predict": signature("predict", y=regressed),
            },
        )
        builder.save()


@pytest.fixture(scope="session")
def examples_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples_model") / "model"
    write_examples_model(folder)
    return folder


@pytest.fixture(scope="session")
def several(
    base_path: Path, examples_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A server of two models: `lines` in versions 7 and 8 with labels, and `examples`."""
    from serving.server.model_config import ModelSettings, VersionPolicy
    from serving.server.model_server import Server, ServerOptions
    from serving.server.models import LabelPolicy

    root = tmp_path_factory.mktemp("several")
    for version in ("7", "8"):
        shutil.copytree(base_path / "7", root / "lines" / version)
    shutil.copytree(examples_model, root / EXAMPLES / "1")
    options = ServerOptions(
        labels=LabelPolicy(new=True),
        metrics_path="/monitoring/prometheus/metrics",
        grpc_health=True,
        grace_seconds=5,
    )
    models = [
        ModelSettings(
            "lines", root / "lines", VersionPolicy(latest=2), {"stable": 7, "canary": 8, "gone": 5}
        ),
        ModelSettings(EXAMPLES, root / EXAMPLES),
    ]
    with Server(models, options=options) as running:
        running.wait_until_available(30)
        yield running
