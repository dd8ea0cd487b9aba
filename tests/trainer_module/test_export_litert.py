import json

import numpy as np
import pytest
import tensorflow as tf

from schema.alphabet import Alphabet
from serving.decoding_file import read_decoding
from serving.export import write_warmup_requests
from serving.litert_reader import load_litert
from serving.model_folder import DECODING_FILE, EXTRA_ASSETS, LITERT_FILE, WARMUP_FILE
from trainer_module import warm_start
from trainer_module.export_litert import main
from trainer_module.hyperparameters.base import ConvBlock
from trainer_module.hyperparameters.lenet import LenetHyperparameters
from trainer_module.hyperparameters.line_cnn import LineCnnHyperparameters
from trainer_module.hyperparameters.lstm_ctc import LstmCtcHyperparameters
from trainer_module.tasks.base import SplitFiles
from trainer_module.tasks.characters import CharactersTask
from trainer_module.tasks.lines import LinesTask

STEM = (ConvBlock(4, stride_y=2, stride_x=2), ConvBlock(6, stride_y=2, stride_x=2))
ALPHABET = Alphabet("abc")
LSTM = LinesTask(LstmCtcHyperparameters(stem=STEM, lstm_units=(5,)), ALPHABET)
CNN = LinesTask(LineCnnHyperparameters(stem=STEM), ALPHABET)
CHARACTERS = CharactersTask(LenetHyperparameters(stem=STEM, dense_units=7), ALPHABET)


@pytest.fixture
def pushed(tmp_path, monkeypatch):
    """Makes the folder of a pushed model of a task, with three lines to warm up on."""

    def make(task):
        network = task.build_network()
        monkeypatch.setattr(warm_start, "load_exported", lambda _: (task, network))
        folder = tmp_path / "7"
        (folder / EXTRA_ASSETS).mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(b"")
        rng = np.random.default_rng(0)
        lines = [rng.integers(0, 120, (28, width, 1)).astype(np.uint8) for width in (9, 64, 100)]
        images = [tf.io.encode_png(line).numpy() for line in lines]
        write_warmup_requests(folder / EXTRA_ASSETS / WARMUP_FILE, images)
        return folder, images

    return make


@pytest.mark.parametrize("task", [LSTM, CNN], ids=["lstm_ctc", "line_cnn"])
def test_every_line_network_is_exported_and_reads(task, pushed, capsys):
    folder, images = pushed(task)
    assert main([str(folder.parent), "--columns", "64"]) == 0
    told = json.loads(capsys.readouterr().out)
    path = folder / EXTRA_ASSETS / LITERT_FILE
    assert told["litert"] == str(path)
    assert told["bytes"] == path.stat().st_size
    assert (told["lines"], told["other_texts"]) == (2, 0)  # the third is too wide
    assert told["difference"] < 1e-3
    assert 0 < load_litert(path, ALPHABET).read(images[0], "a").confidence <= 1


def test_a_network_that_differs_is_not_written(pushed, capsys, monkeypatch):
    from serving import litert

    folder, _ = pushed(LSTM)
    monkeypatch.setattr(litert, "_compare", lambda *_: litert.Parity(2, float("nan"), 0))
    assert main([str(folder)]) == 1
    assert not (folder / EXTRA_ASSETS / LITERT_FILE).exists()
    assert "expected logits within 0.001" in capsys.readouterr().err


def test_only_lines_are_exported(pushed, capsys):
    folder, _ = pushed(CHARACTERS)
    assert main([str(folder)]) == 2
    assert "expected a line model, got one of characters" in capsys.readouterr().err


def test_what_is_no_model_is_one_line(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_a_training_may_end_with_it(write_lines, random_texts, tmp_path):
    files = write_lines(random_texts[:8])
    options = LstmCtcHyperparameters(stem=STEM, lstm_units=(5,), decoder="greedy", litert=True)
    task = LinesTask(options, Alphabet("abcd"))
    line = np.random.default_rng(0).integers(0, 120, (28, 60, 1)).astype(np.uint8)
    images = [tf.io.encode_png(line).numpy()]
    task.export(task.build_network(), tmp_path / "1", {}, images, SplitFiles(files, files))
    extra = tmp_path / "1" / EXTRA_ASSETS
    decoding = read_decoding(extra / DECODING_FILE)
    reading = load_litert(extra / LITERT_FILE, task.alphabet, decoding).read(images[0], "a")
    served = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    expected = served(image_bytes=tf.constant(images))
    assert reading.text == expected["text"][0].numpy().decode()
    assert reading.confidence == pytest.approx(float(expected["confidence"][0]), abs=0.01)
