"""Candidates to be validated, test examples to ask about, and a stand-in for the real server."""

import sys
from pathlib import Path

import pytest
import tensorflow as tf

from schema import features

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = 10


class Pretender(tf.Module):
    """A "line model" that reads the length of a picture, as sure as it is told.

    Args:
      confidence: of every reading.
      signatures: that it has.
    """

    def __init__(self, confidence=0.5, signatures=("serving_default", "serving_examples")):
        super().__init__()
        self.confidence = tf.Variable(confidence)
        every = {"serving_default": self.serving_default, "serving_examples": self.serving_examples}
        self.chosen = {name: every[name] for name in signatures}

    def read(self, pictures):
        length = tf.strings.as_string(tf.strings.length(pictures))
        return {"text": length, "confidence": tf.fill(tf.shape(pictures), self.confidence)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def serving_default(self, image_bytes):
        return self.read(image_bytes)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serving_examples(self, examples):
        spec = {features.IMAGE: tf.io.FixedLenFeature([], tf.string)}
        return self.read(tf.io.parse_example(examples, spec)[features.IMAGE])


@pytest.fixture
def candidate(tmp_path):
    """Saves a model where the Trainer does; returns the folder of the Model artifact."""

    def save(**options):
        model = Pretender(**options)
        folder = tmp_path / "model"
        tf.saved_model.save(model, str(folder / "Format-Serving"), signatures=model.chosen)
        return folder

    return save


@pytest.fixture(scope="session")
def examples_folder(tmp_path_factory):
    """The folder of an Examples artifact whose pictures are 1, 2, ... bytes long."""
    folder = tmp_path_factory.mktemp("examples")
    for split, count in (("test", EXAMPLES), ("train", 0)):
        (folder / f"Split-{split}").mkdir()
        path = folder / f"Split-{split}" / "examples-00000-of-00001.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for number in range(1, count + 1):
                example = tf.train.Example()
                picture = example.features.feature[features.IMAGE]
                picture.bytes_list.value.append(b"x" * number)
                writer.write(example.SerializeToString())
    return folder


@pytest.fixture
def model_server(tmp_path, monkeypatch):
    """Puts a `tensorflow_model_server` on PATH; returns the file that it writes its flags to."""

    def put(script='exec "$PYTHON" -m serving.server "$@"'):
        folder = tmp_path / "bin"
        folder.mkdir()
        flags = tmp_path / "flags"
        binary = folder / "tensorflow_model_server"
        binary.write_text(f'#!/bin/sh\necho $$ "$@" > {flags}\n{script}\n')
        binary.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        monkeypatch.setenv("PYTHON", sys.executable)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        return flags

    return put
