import json
import shutil
from pathlib import Path

import pytest

from schema.errors import InputError
from serving import compose_page as command
from serving import page_export
from serving.export import read_warmup_images
from serving.model_folder import find_model, hash_model
from serving.page_export import compose_page


def test_the_card_names_both_parents(pages_base_path: Path, parents: tuple[Path, Path]) -> None:
    extra = find_model(pages_base_path) / "assets.extra"
    card = json.loads((extra / "model_card.json").read_text())
    detector, lines = map(find_model, parents)
    assert card["detector"] == {
        "path": str(detector),
        "sha256": hash_model(detector),
        "model_card": None,
    }
    assert card["lines"]["sha256"] == hash_model(lines)
    assert card["lines"]["model_card"] == {"network": "ink", "seed": 7}
    assert json.loads((extra / "alphabet.json").read_text()) == {"symbols": "abcdefgh"}


def test_warm_up_pictures_are_the_parents(pages_base_path: Path, parents) -> None:
    images = read_warmup_images(find_model(pages_base_path))
    assert images == read_warmup_images(find_model(parents[1]))
    assert len(images) == 1
    assert read_warmup_images(find_model(parents[0])) == []


def test_a_line_model_is_no_detector(parents: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a detector with outputs boxes and count"):
        compose_page(parents[1], parents[1], tmp_path / "base")
    assert not (tmp_path / "base").exists()


def test_a_detector_is_no_line_model(parents: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a line model with the two halves"):
        compose_page(parents[0], parents[0], tmp_path / "base")


def test_what_the_server_could_not_load_is_not_written(parents, tmp_path, monkeypatch) -> None:
    def refuse(folder: Path) -> None:
        raise RuntimeError(f"cannot load {folder.name}")

    monkeypatch.setattr(page_export, "Servable", refuse)
    with pytest.raises(RuntimeError, match="cannot load model"):
        compose_page(*parents, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_the_version(parents, tmp_path: Path, capsys) -> None:
    arguments = ["--detector", str(parents[0]), "--lines", str(parents[1] / "5")]
    assert command.main([*arguments, "--output", str(tmp_path)]) == 0
    assert Path(capsys.readouterr().out.strip()) == find_model(tmp_path)


def test_the_command_tells_bad_parents_in_one_line(tmp_path: Path, capsys) -> None:
    folder = str(tmp_path)
    assert command.main(["--detector", folder, "--lines", folder, "--output", folder]) == 2
    told = capsys.readouterr().err
    assert told.startswith("compose_page: expected a SavedModel")
    assert told.count("\n") == 1


def test_an_alphabet_must_come_along(parents, tmp_path: Path) -> None:
    lines = Path(shutil.copytree(parents[1] / "5", tmp_path / "lines"))
    (lines / "assets.extra" / "alphabet.json").unlink()
    with pytest.raises(InputError, match="expected the alphabet of a model"):
        compose_page(parents[0], lines, tmp_path / "base")
