import numpy as np
import pytest
import tensorflow as tf

from pipeline import monitor_reference
from pipeline.monitor_reference import ReferenceSource, write_reference
from schema import features
from schema.errors import InputError
from schema.splits import TEST, TRAIN
from serving.model_folder import EXTRA_ASSETS
from serving.monitor.reference import load_reference, reference_folder
from tests.serving.monitor.test_reference import small_reference


def write_split(folder, split, lines):
    split_folder = folder / f"Split-{split}"
    split_folder.mkdir(parents=True)
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(str(split_folder / "data.gz"), options) as writer:
        for name, text, picture in lines:
            example = tf.train.Example()
            for key, value in (
                (features.SAMPLE_ID, name.encode()),
                (features.TEXT, text.encode()),
                (features.IMAGE, picture),
            ):
                example.features.feature[key].bytes_list.value.append(value)
            writer.write(example.SerializeToString())


@pytest.fixture
def source(tmp_path):
    source = ReferenceSource(
        tmp_path / "in", tmp_path / "out", tmp_path / "model" / "Format-Serving", "sample"
    )
    write_split(source.ingested, TEST, [("a", "Ink.", b""), ("b", "pot", b"photograph")])
    write_split(source.transformed, TEST, [("a", "Ink.", b"drawn"), ("b", "pot", b"small")])
    write_split(source.transformed, TRAIN, [("c", "An INK pot", b""), ("d", "été", b"")])
    (source.model / EXTRA_ASSETS).mkdir(parents=True)
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
    return source


@pytest.fixture
def learned(monkeypatch):
    calls = []

    def learn(model, clean):
        calls.append((model, clean))
        return small_reference()

    monkeypatch.setattr(monitor_reference, "learn_from_pictures", learn)
    return calls


def test_lines_are_those_that_clients_would_send(source, learned, tmp_path):
    write_reference(source, tmp_path / "1")
    [(model, clean)] = learned
    assert model == source.model
    assert dict(zip(clean.truths, clean.pictures, strict=True)) == {
        "Ink.": b"drawn",
        "pot": b"photograph",
    }
    assert clean.words == {"an", "ink", "pot", "été"}
    assert clean.facts == {"dataset": "sample", "split": "test"}


def test_it_is_kept_with_the_model_and_beside_the_pushed_version(source, learned, tmp_path):
    write_reference(source, tmp_path / "1")
    for model in (source.model, tmp_path / "1"):
        assert [path.name for path in (model / EXTRA_ASSETS).iterdir()] == ["monitor"]
        reference = load_reference(reference_folder(model))
        np.testing.assert_array_equal(reference.unsure, small_reference().unsure)


def test_it_is_learned_once(source, learned, tmp_path):
    for version in ("1", "2", "2"):
        write_reference(source, tmp_path / version)
    assert len(learned) == 1
    assert load_reference(reference_folder(tmp_path / "2"))


def test_nothing_is_left_of_one_that_cannot_be_learned(source, monkeypatch, tmp_path):
    def learn(model, clean):
        raise InputError("too few")

    monkeypatch.setattr(monitor_reference, "learn_from_pictures", learn)
    with pytest.raises(InputError, match="too few"):
        write_reference(source, tmp_path / "1")
    assert list((source.model / EXTRA_ASSETS).iterdir()) == []
    assert list((tmp_path / "1").iterdir()) == []


def test_so_many_lines_are_chosen_and_no_more(source, learned, monkeypatch, tmp_path):
    monkeypatch.setattr(monitor_reference, "ROWS", 1)
    write_reference(source, tmp_path / "1")
    assert len(learned[0][1].pictures) == 1
