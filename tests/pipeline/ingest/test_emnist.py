import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.ingest.emnist import Glyphs, hash_images, read_emnist
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.idx import write_idx
from schema.errors import InputError

MAPPING = "0 65\n1 66 98\n"  # A; B, merged with b


def random_images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28), np.uint8)


def write_data_set(
    folder: Path,
    train: np.ndarray,
    test: np.ndarray,
    train_labels: np.ndarray | None = None,
    name: str = "tiny",
    mapping: str = MAPPING,
) -> Path:
    """Writes images [n, 28, 28] as given, without the transposition."""
    folder.mkdir(exist_ok=True)
    if train_labels is None:
        train_labels = np.arange(len(train), dtype=np.uint8) % 2
    write_idx(folder / f"emnist-{name}-train-images-idx3-ubyte.gz", train)
    write_idx(folder / f"emnist-{name}-train-labels-idx1-ubyte.gz", train_labels)
    write_idx(folder / f"emnist-{name}-test-images-idx3-ubyte.gz", test)
    write_idx(
        folder / f"emnist-{name}-test-labels-idx1-ubyte.gz",
        np.zeros(len(test), np.uint8),
    )
    (folder / f"emnist-{name}-mapping.txt").write_text(mapping, encoding="ascii")
    return folder


def as_set(glyphs: Glyphs) -> set[bytes]:
    return {image.tobytes() for image in glyphs.images}


def test_images_are_transposed_and_labels_become_characters(tmp_path: Path) -> None:
    train, test = random_images(3, seed=1), random_images(2, seed=2)
    splits = read_emnist(find_emnist(write_data_set(tmp_path, train, test)), validation_share=0)
    np.testing.assert_array_equal(splits.train.images, train.swapaxes(1, 2))
    np.testing.assert_array_equal(splits.test.images, test.swapaxes(1, 2))
    assert splits.train.characters.tolist() == ["A", "B", "A"]
    assert splits.test.characters.tolist() == ["A", "A"]
    assert len(splits.validation) == 0


def test_no_image_is_in_two_splits_or_twice_in_one(tmp_path: Path) -> None:
    fresh = random_images(100)
    # Two repeats within train, three images that test has too, one repeat within test.
    train = np.concatenate([fresh[:60], fresh[:2], fresh[60:63]])
    test = np.concatenate([fresh[60:], fresh[99:]])
    splits = read_emnist(find_emnist(write_data_set(tmp_path, train, test)))
    assert splits.duplicates_dropped == {"train": 5, "validation": 0, "test": 1}
    assert len(splits.train) + len(splits.validation) == 60
    assert len(splits.test) == 40
    groups = [as_set(glyphs) for glyphs in (splits.train, splits.validation, splits.test)]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 100


def test_the_share_of_validation_is_as_asked(tmp_path: Path) -> None:
    files = find_emnist(write_data_set(tmp_path, random_images(4000), random_images(1, seed=9)))
    count = len(read_emnist(files, validation_share=0.25).validation)
    assert 900 < count < 1100  # 1000 and about four standard deviations of 27


def test_validation_does_not_depend_on_the_order(tmp_path: Path) -> None:
    images, test = random_images(300), random_images(1, seed=9)
    forth = read_emnist(find_emnist(write_data_set(tmp_path / "forth", images, test)))
    back = read_emnist(find_emnist(write_data_set(tmp_path / "back", images[::-1], test)))
    assert as_set(forth.validation) == as_set(back.validation)
    assert len(forth.validation) > 0


def test_a_larger_validation_share_only_adds(tmp_path: Path) -> None:
    files = find_emnist(write_data_set(tmp_path, random_images(300), random_images(1, seed=9)))
    small, large = (as_set(read_emnist(files, share).validation) for share in (0.1, 0.3))
    assert small < large


def test_hashes_tell_images_apart_and_depend_on_nothing_else() -> None:
    images = random_images(50)
    hashes = hash_images(images)
    assert len(set(hashes.tolist())) == 50
    np.testing.assert_array_equal(hash_images(images[::-1]), hashes[::-1])
    np.testing.assert_array_equal(hash_images(np.asfortranarray(images)), hashes)


def test_finds_a_data_set_by_name_among_several(tmp_path: Path) -> None:
    for name in ("tiny", "other"):
        write_data_set(tmp_path, random_images(2), random_images(1), name=name)
    assert find_emnist(tmp_path, "other").mapping.name == "emnist-other-mapping.txt"
    with pytest.raises(InputError, match="got other, tiny"):
        find_emnist(tmp_path)


def test_a_folder_without_files_or_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got none"):
        find_emnist(tmp_path)
    with pytest.raises(InputError, match=r"expected a folder .*nowhere"):
        find_emnist(tmp_path / "nowhere")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_data_set(tmp_path, random_images(2), random_images(1))
    (tmp_path / "emnist-tiny-test-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError, match=r"got no emnist-tiny-test-labels-idx1-ubyte.gz in"):
        find_emnist(tmp_path)


def test_a_count_mismatch_is_refused(tmp_path: Path) -> None:
    folder = write_data_set(
        tmp_path, random_images(3), random_images(1), train_labels=np.zeros(2, np.uint8)
    )
    with pytest.raises(InputError, match=r"got 3 images in .* and 2 labels in .*train-labels"):
        read_emnist(find_emnist(folder))


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path, random_images(3), random_images(0))
    with pytest.raises(InputError, match=r"got 0 images in .*test-images"):
        read_emnist(find_emnist(folder))


def test_another_image_size_is_refused(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path, random_images(3)[:, :27], random_images(1))
    with pytest.raises(InputError, match=r"got items of shape \(27, 28\) in .*train-images"):
        read_emnist(find_emnist(folder))


def test_images_in_the_place_of_labels_are_refused(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path, random_images(2), random_images(1), random_images(2))
    with pytest.raises(InputError, match=r"\(28, 28\) in .*train-labels"):
        read_emnist(find_emnist(folder))


def test_the_first_label_outside_the_mapping_is_named(tmp_path: Path) -> None:
    labels = np.array([0, 1, 7, 9], np.uint8)
    folder = write_data_set(tmp_path, random_images(4), random_images(1), labels)
    with pytest.raises(InputError, match=r"got 2 others, the first 7 at index 2 in .*train-labels"):
        read_emnist(find_emnist(folder))


@pytest.mark.parametrize(
    ("mapping", "line"),
    [
        ("0 65\none 66\n", 2),
        ("0 65\n1\n", 2),
        ("0 65\n0 66\n", 2),
        ("300 65\n", 1),
        ("0 7\n", 1),
        ("\n0 -5\n", 2),
    ],
)
def test_a_bad_mapping_is_named_with_its_line(tmp_path: Path, mapping: str, line: int) -> None:
    folder = write_data_set(tmp_path, random_images(1), random_images(1), mapping=mapping)
    with pytest.raises(InputError, match=f"in line {line} of .*emnist-tiny-mapping.txt"):
        read_emnist(find_emnist(folder))


def test_a_mapping_that_is_not_ascii_is_named(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path, random_images(1), random_images(1))
    (folder / "emnist-tiny-mapping.txt").write_bytes(b"0 \xff\n")
    with pytest.raises(InputError, match=r"ASCII.*emnist-tiny-mapping.txt"):
        read_emnist(find_emnist(folder))


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_an_impossible_validation_share_is_refused(tmp_path: Path, share: float) -> None:
    files = find_emnist(write_data_set(tmp_path, random_images(2), random_images(1)))
    with pytest.raises(InputError, match="validation share"):
        read_emnist(files, share)


@pytest.mark.skipif(
    "HANDWRITING_DATA" not in os.environ,
    reason="HANDWRITING_DATA names no folder that holds emnist/ with real glyphs",
)
def test_real_glyphs_are_upright() -> None:
    splits = read_emnist(find_emnist(Path(os.environ["HANDWRITING_DATA"]) / "emnist"))
    train = splits.train
    assert len(train) > 5 * len(splits.validation) > 0
    mean = {c: train.images[train.characters == c].mean(axis=0) for c in "LT7"}
    # L has its bar at the foot, T at the head, and 7 leans on the right.
    assert mean["L"][20:].sum() > 1.2 * mean["L"][:8].sum()
    assert mean["T"][:14].sum() > 1.2 * mean["T"][14:].sum()
    assert mean["7"][:14, 14:].sum() > mean["7"][14:, 14:].sum()
