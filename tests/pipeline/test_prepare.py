import dataclasses

import numpy as np
import pytest

from pipeline import prepare
from pipeline.arguments import make_config, make_parser
from pipeline.ingest.line_folder import write_line_folder
from pipeline.ingest.records import LineRecord
from pipeline.prepare import prepare_data
from schema.errors import InputError

SMALL = ("--set", "train_lines=20", "--set", "validation_lines=5", "--set", "test_lines=5")


def config_of(tmp_path, *arguments):
    workspace = ("--workspace", str(tmp_path / "workspace"))
    return make_config(make_parser("runner", "").parse_args([*workspace, *arguments]))


def test_emnist_without_a_folder_is_taken_from_the_official_archive(
    glyph_folder, tmp_path, monkeypatch
):
    asked = []
    monkeypatch.setattr(prepare, "fetch_archive", lambda cache: asked.append(cache) or cache / "a")
    monkeypatch.setattr(prepare, "take_data_set", lambda *what: asked.append(what) or glyph_folder)
    config = prepare_data(config_of(tmp_path, "--dataset", "emnist", *SMALL))
    cache = tmp_path / "workspace" / "data" / "emnist"
    assert asked == [cache, (cache / "a", "byclass")]
    assert config.data_dir == glyph_folder


def test_the_sample_is_made_in_the_workspace_only(glyph_folder, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(prepare, "ensure_sample", made.append)
    prepare_data(config_of(tmp_path, "--data-dir", str(glyph_folder), *SMALL))
    assert not made
    with pytest.raises(InputError, match="expected a folder with EMNIST files"):
        prepare_data(config_of(tmp_path, *SMALL))
    assert made == [tmp_path / "workspace" / "data" / "sample"]


def test_real_lines_bring_their_alphabet(tmp_path, capsys):
    folder = tmp_path / "lines"
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 20, 60), np.uint8)
    write_line_folder(
        (LineRecord(f"{n}", image, f"été {n}", "folder") for n, image in enumerate(images)), folder
    )
    arguments = ("--dataset", "folder", "--data-dir", str(folder))
    config = config_of(tmp_path, *arguments, "--alphabet", "data")
    prepared = prepare_data(config)
    assert set(prepared.alphabet.symbols) == set(" 0123456789té")
    assert dataclasses.replace(prepared, alphabet=config.alphabet) == config
    said = capsys.readouterr().err
    assert said == (
        "folder: all lines: 20 lines, 13 characters, 0 left out, 0 more because their sentence is "
        "in another split\n"
    )
    with pytest.raises(InputError, match="expected characters of the alphabet, got 'é'"):
        prepare_data(config_of(tmp_path, *arguments))


def test_what_is_left_out_is_named(tmp_path, capsys):
    folder = tmp_path / "lines"
    images = np.random.default_rng(0).integers(0, 256, (40, 20, 60), np.uint8)
    texts = ["fine"] * 28 + ["naïve"] * 12
    write_line_folder(
        (
            LineRecord(f"line-{n:02d}", image, text, "folder")
            for n, (image, text) in enumerate(zip(images, texts, strict=True))
        ),
        folder,
    )
    tolerant = ("--set", "tolerated_share=0.5")
    prepare_data(config_of(tmp_path, "--dataset", "folder", "--data-dir", str(folder), *tolerant))
    said = capsys.readouterr().err.splitlines()
    assert "28 lines" in said[0]
    assert "12 left out" in said[0]
    assert said[1] == "outside the alphabet: 'ï' (U+00EF) 12 times"
    assert "line-28" in said[2]
    assert "'ï'" in said[2]
    assert said[-1] == "left out: 2 more"
