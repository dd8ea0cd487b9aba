import shutil
import time
from pathlib import Path

import pytest

from schema.errors import InputError
from serving.model_folder import (
    add_version,
    clear_drafts,
    find_model,
    hash_model,
    read_alphabet,
    ready_versions,
)


def push(base_path: Path, name: str) -> Path:
    folder = base_path / name
    (folder / "variables").mkdir(parents=True)
    (folder / "variables" / "variables.index").write_text("weights")
    (folder / "saved_model.pb").write_text("graph")
    return folder


def write(folder: Path) -> None:
    push(folder.parent, folder.name)


def test_only_complete_numeric_folders_are_ready(tmp_path: Path) -> None:
    for name in ("3", "0012", "temp-4", "²", str(2**63)):
        push(tmp_path, name)
    (tmp_path / "5").mkdir()
    (tmp_path / "6").write_text("a file")
    assert ready_versions(tmp_path) == {3: tmp_path / "3", 12: tmp_path / "0012"}
    assert ready_versions(tmp_path / "absent") == {}


def test_a_model_is_found_by_its_folder_or_its_base_path(tmp_path: Path) -> None:
    old, new = push(tmp_path, "9"), push(tmp_path, "10")
    assert find_model(old) == old
    assert find_model(tmp_path) == new


@pytest.mark.parametrize("folder", ["absent", "empty"])
def test_no_model_is_said_in_one_line(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=f"expected a SavedModel .* got .*{folder}"):
        find_model(tmp_path / folder)


def test_the_alphabet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "alphabet.json"
    path.write_text('{"symbols": "aé"}', encoding="utf-8")
    assert read_alphabet(path).symbols == "aé"


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b'{"symbols": 1}', b"\xff"])
def test_what_is_no_alphabet_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "alphabet.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"expected the alphabet of a model, got .*alphabet\.json"):
        read_alphabet(path)


def test_the_hash_is_that_of_what_is_computed(tmp_path: Path) -> None:
    model = push(tmp_path, "1")
    before = hash_model(model)
    (model / "assets.extra").mkdir()
    (model / "assets.extra" / "model_card.json").write_text("{}")
    copied = Path(shutil.copytree(model, tmp_path / "elsewhere"))
    assert hash_model(model) == hash_model(copied) == before
    (model / "variables" / "variables.index").write_text("others")
    assert hash_model(model) != before


def test_versions_are_times_and_always_newer(tmp_path: Path) -> None:
    first = add_version(tmp_path / "base", write)
    assert abs(int(first.name) - time.time()) < 10
    push(tmp_path / "base", "5000000000")
    assert add_version(tmp_path / "base", write).name == "5000000001"
    assert sorted(p.name for p in (tmp_path / "base").iterdir())[0] == first.name


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        push(folder.parent, folder.name)
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        add_version(tmp_path, write)
    assert list(tmp_path.iterdir()) == []


def test_a_version_is_announced_before_it_appears(tmp_path: Path) -> None:
    told: list[Path] = []

    def announce(version: Path) -> None:
        assert not version.exists()
        told.append(version)

    assert [add_version(tmp_path, write, announce)] == told


def test_what_cannot_be_announced_does_not_appear(tmp_path: Path) -> None:
    def announce(version: Path) -> None:
        raise RuntimeError("database locked")

    with pytest.raises(RuntimeError, match="database locked"):
        add_version(tmp_path, write, announce)
    assert list(tmp_path.iterdir()) == []


def test_a_version_that_a_pusher_has_not_finished_is_not_met_again(tmp_path: Path) -> None:
    (tmp_path / "5000000000" / "variables").mkdir(parents=True)
    assert add_version(tmp_path, write).name == "5000000001"


def test_drafts_of_the_killed_are_cleared(tmp_path: Path) -> None:
    version = push(tmp_path, "7")
    (tmp_path / ".draft-x" / "model").mkdir(parents=True)
    clear_drafts(tmp_path)
    assert list(tmp_path.iterdir()) == [version]
    clear_drafts(tmp_path / "absent")
