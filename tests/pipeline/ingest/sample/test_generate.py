import json
import string
from pathlib import Path

import numpy as np
import pytest

from pipeline.ingest.emnist import read_emnist
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.idx import read_idx
from pipeline.ingest.sample import SampleSize, ensure_sample, generate
from pipeline.ingest.sample.generate import CLASSES, MANIFEST_NAME, PUNCTUATION
from schema.errors import InputError

SMALL = SampleSize(train_per_class=3, test_per_class=1, train_writers=4, test_writers=2)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_sample(tmp_path_factory.mktemp("data") / "sample", seed=1, size=SMALL)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def refuse_generation(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("generated again")

    monkeypatch.setattr(generate, "_generate", refuse)


def test_the_emnist_reader_reads_it(sample: Path) -> None:
    splits = read_emnist(find_emnist(sample))
    assert find_emnist(sample).name == "sample"
    assert sum(splits.duplicates_dropped.values()) == 0
    assert len(splits.test) == len(CLASSES)
    assert len(splits.train) + len(splits.validation) == 3 * len(CLASSES)
    assert set(splits.test.characters) == set(CLASSES)
    assert all((splits.train.characters == character).any() for character in "aZ0.&")


def test_classes_are_by_class_and_then_punctuation() -> None:
    by_class = string.digits + string.ascii_uppercase + string.ascii_lowercase
    assert by_class + PUNCTUATION == CLASSES
    assert len(set(CLASSES)) == len(CLASSES)


def test_glyphs_are_stored_transposed_and_mixed(sample: Path) -> None:
    files = find_emnist(sample)
    images, labels = read_idx(files.train_images), read_idx(files.train_labels)
    assert (np.diff(labels.astype(int)) < 0).any()
    hyphens = images[labels == CLASSES.index("-")]
    for image in hyphens:  # a hyphen is wide; stored columns first it is high
        assert (image > 127).any(axis=1).sum() > (image > 127).any(axis=0).sum()


def test_the_seed_decides_every_byte(sample: Path, tmp_path: Path) -> None:
    again = ensure_sample(tmp_path / "again", seed=1, size=SMALL)
    other = ensure_sample(tmp_path / "other", seed=2, size=SMALL)
    assert contents(again) == contents(sample)
    images = "emnist-sample-train-images-idx3-ubyte.gz"
    assert contents(other)[images] != contents(sample)[images]


@pytest.mark.usefixtures("refuse_generation")
def test_a_second_call_returns_at_once(sample: Path) -> None:
    assert ensure_sample(sample, seed=1, size=SMALL) == sample


@pytest.mark.usefixtures("refuse_generation")
@pytest.mark.parametrize("damage", ["no manifest", "other seed", "changed file", "missing file"])
def test_anything_else_is_generated_anew(sample: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for name, content in contents(sample).items():
        (folder / name).write_bytes(content)
    labels = folder / "emnist-sample-test-labels-idx1-ubyte.gz"
    if damage == "no manifest":
        (folder / MANIFEST_NAME).unlink()
    elif damage == "changed file":
        labels.write_bytes(b"")
    elif damage == "missing file":
        labels.unlink()
    with pytest.raises(AssertionError, match="generated again"):
        ensure_sample(folder, seed=2 if damage == "other seed" else 1, size=SMALL)


def test_a_broken_folder_is_replaced_and_nothing_is_left_beside_it(
    sample: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / MANIFEST_NAME).write_text("{")
    assert contents(ensure_sample(folder, seed=1, size=SMALL)) == contents(sample)
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]


def test_a_generation_cut_short_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(generate, "_write_manifest", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ensure_sample(tmp_path / "sample", seed=1, size=SMALL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("refuse_generation")
def test_a_folder_with_other_files_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"thesis\.txt"):
        ensure_sample(tmp_path, size=SMALL)
    with pytest.raises(InputError, match="got a file"):
        ensure_sample(tmp_path / "thesis.txt", size=SMALL)


def test_the_manifest_says_what_the_sample_was_made_from(sample: Path) -> None:
    made_from = json.loads((sample / MANIFEST_NAME).read_text())["made_from"]
    assert made_from["seed"] == 1
    assert made_from["train_writers"] == 4
    assert "pillow" in made_from["packages"]


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "_DISTRIBUTIONS", ("numpy", "no-such-package"))
    with pytest.raises(InputError, match="got no no-such-package"):
        ensure_sample(tmp_path / "sample", size=SMALL)


def test_impossible_sizes_and_seeds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="test_writers"):
        SampleSize(test_writers=0)
    with pytest.raises(InputError, match="seed"):
        ensure_sample(tmp_path, seed=-1)
