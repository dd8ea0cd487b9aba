import io
import json
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from schema.alphabet import Alphabet
from schema.errors import InputError
from serving import litert_read
from serving.decoding_file import write_decoding
from serving.litert import LiteRtOptions, ParityError, export_litert
from serving.litert_reader import LiteRtReader, load_litert, make_interpreter
from serving.model_folder import LITERT_FILE
from transforms.calibration import Calibration
from transforms.ctc import blank_padding
from transforms.line_decoding import LineDecoding

ALPHABET = Alphabet("abc")
OPTIONS = LiteRtOptions(columns=64)


class Network:
    """Weighs each column of a line; `drift` is added in every call but the first, traced one."""

    def __init__(self, drift: float = 0.0) -> None:
        rng = np.random.default_rng(0)
        self.kernel = tf.Variable(rng.normal(0, 1, (28, 4)).astype(np.float32))
        self.drift = drift
        self.traced = False

    def __call__(self, lines: tf.Tensor, widths: tf.Tensor) -> tf.Tensor:
        columns = tf.transpose(lines[..., 0], [0, 2, 1])  # [n, w, 28]
        logits = tf.tensordot(columns, self.kernel, 1) + (self.drift if self.traced else 0.0)
        self.traced = True
        return blank_padding(logits, widths)


def random_lines(*widths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.random((28, width), np.float32) for width in widths]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("litert") / LITERT_FILE
    network = Network()
    parity = export_litert(
        network, [network.kernel], ALPHABET, random_lines(64, 10, 1, 65), path, OPTIONS
    )
    assert parity.lines == 3
    assert parity.other_texts == 0
    assert parity.difference < 1e-4
    (path.parent / "alphabet.json").write_text(json.dumps({"symbols": ALPHABET.symbols}))
    return path


def png(height: int, width: int) -> bytes:
    pixels = np.random.default_rng(2).integers(0, 256, (height, width)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_padding_does_not_change_a_line(model_file) -> None:
    reader = load_litert(model_file, ALPHABET)
    network = Network()
    for line in random_lines(1, 17, 64):
        got = reader.logits(line)
        expected = network(line[None, :, :, None], tf.constant([line.shape[1]]))[0].numpy()
        np.testing.assert_allclose(got[: line.shape[1]], expected, atol=1e-4)
        assert got.shape == (64, 4)
        assert np.all(got[line.shape[1] :] == [0, -100, -100, -100])


@pytest.mark.parametrize("drift", [0.1, float("nan")])
def test_a_model_that_differs_is_not_written(drift, tmp_path) -> None:
    network = Network(drift)
    with pytest.raises(ParityError, match=r"expected logits within 0\.001 .* is not written"):
        export_litert(
            network, [network.kernel], ALPHABET, random_lines(9), tmp_path / "a.tflite", OPTIONS
        )
    assert list(tmp_path.iterdir()) == []


def test_lines_too_wide_compare_nothing(tmp_path) -> None:
    network = Network()
    with pytest.raises(InputError, match="at most 64 columns to compare on, got none"):
        export_litert(
            network, [network.kernel], ALPHABET, random_lines(65), tmp_path / "a.tflite", OPTIONS
        )


def test_a_line_too_long_is_refused_by_name(model_file) -> None:
    reader = load_litert(model_file, ALPHABET)
    with pytest.raises(InputError, match=r"at most 64 columns .*, got 84 in long\.png"):
        reader.read(png(14, 42), "long.png")


def test_another_alphabet_is_refused(model_file) -> None:
    with pytest.raises(InputError, match="expected a model of 6 classes, got one of 4"):
        load_litert(model_file, Alphabet("abcde"))


def test_a_model_of_another_kind_is_refused() -> None:
    @tf.function(input_signature=[tf.TensorSpec([1], tf.float32, name="x")])
    def double(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": 2.0 * x}

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [double.get_concrete_function()], tf.Module()
    )
    with pytest.raises(InputError, match="expected a model from line and width to logits, got"):
        LiteRtReader(converter.convert(), ALPHABET)


@pytest.mark.parametrize("content", [None, b"", b"soup and more soup"])
def test_no_model_is_one_line(tmp_path, content) -> None:
    path = tmp_path / "a.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"expected a LiteRT model, got .*a\.tflite"):
        load_litert(path, ALPHABET)


def test_litert_is_preferred_to_tensorflow(monkeypatch) -> None:
    package = types.ModuleType("ai_edge_litert.interpreter")
    package.Interpreter = lambda model_content: ("LiteRT", model_content)
    monkeypatch.setitem(sys.modules, "ai_edge_litert", types.ModuleType("ai_edge_litert"))
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", package)
    assert make_interpreter(b"model") == ("LiteRT", b"model")


def test_the_command_reads_pictures(model_file, tmp_path, capsys) -> None:
    picture = tmp_path / "line.png"
    picture.write_bytes(png(28, 40))
    reading = load_litert(model_file, ALPHABET).read(picture.read_bytes(), "line.png")
    assert reading.text
    assert litert_read.main([str(model_file), str(picture), str(picture)]) == 0
    line = f"{reading.text}\t{reading.confidence:.4f}\n"
    assert capsys.readouterr().out == 2 * line


def test_the_command_reads_with_the_decoder_that_came_with_the_model(
    model_file, tmp_path, capsys
) -> None:
    for name in (LITERT_FILE, "alphabet.json"):
        shutil.copy(model_file.with_name(name), tmp_path)
    sure = LineDecoding(lines=Calibration((0.0,), 1.0))  # of everything by 1 / (1 + e^-1)
    write_decoding(sure, tmp_path / "decoding.npz")
    (tmp_path / "line.png").write_bytes(png(28, 40))
    assert litert_read.main([str(tmp_path / LITERT_FILE), str(tmp_path / "line.png")]) == 0
    assert capsys.readouterr().out.endswith("\t0.7311\n")


@pytest.mark.parametrize("missing", ["alphabet", "decoding", "picture"])
def test_the_command_tells_what_is_missing(model_file, missing, tmp_path, capsys) -> None:
    (tmp_path / "soup.json").write_text("[]")
    options = [] if missing == "picture" else [f"--{missing}", str(tmp_path / "soup.json")]
    assert litert_read.main([str(model_file), str(tmp_path / "absent.png"), *options]) == 2
    told = capsys.readouterr().err
    assert told.startswith("litert_read: expected ")
    assert told.count("\n") == 1
