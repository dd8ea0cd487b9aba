import functools
import gzip
import struct
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, arrays

from pipeline.ingest.idx import read_idx, write_idx
from schema.errors import InputError

LABELS_HEADER = struct.pack(">HBBI", 0, 8, 1, 3)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from((1, 3)).flatmap(
        lambda rank: arrays(np.uint8, array_shapes(min_dims=rank, max_dims=rank, max_side=5))
    )
)
def test_reading_inverts_writing(array: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "array.gz"
        write_idx(path, array)
        np.testing.assert_array_equal(read_idx(path), array)


def test_reads_a_file_made_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(LABELS_HEADER + bytes((7, 8, 9))))
    assert read_idx(path).tolist() == [7, 8, 9]


def test_an_empty_array_survives(tmp_path: Path) -> None:
    write_idx(tmp_path / "none.gz", np.zeros((0, 28, 28), np.uint8))
    assert read_idx(tmp_path / "none.gz").shape == (0, 28, 28)


def test_what_was_read_may_be_written_to(tmp_path: Path) -> None:
    write_idx(tmp_path / "a.gz", np.zeros(3, np.uint8))
    read_idx(tmp_path / "a.gz")[0] = 1


def test_the_same_array_gives_the_same_bytes_under_any_name(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_idx(tmp_path / "a.gz", array)
    write_idx(tmp_path / "b.gz", np.asfortranarray(array))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_writing_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    write_idx(tmp_path / "a.gz", np.zeros(3, np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == ["a.gz"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.gz"
    write_idx(path, np.zeros(3, np.uint8))

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(gzip.GzipFile, "write", fail)
    with pytest.raises(OSError, match="disk full"):
        write_idx(path, np.ones(3, np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == ["a.gz"]
    assert read_idx(path).tolist() == [0, 0, 0]


# Without the time: whoever shares tests among processes needs the same names in each.
compress = functools.partial(gzip.compress, mtime=0)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"not gzip", "expected a gzip IDX file"),
        (compress(LABELS_HEADER + bytes(3))[:-9], "truncated"),
        (compress(LABELS_HEADER + bytes(3))[:-8] + bytes(8), "CRC"),
        (compress(b""), "got nothing"),
        (compress(b"\x00\x00\x08"), "got 000008"),
        (compress(b"\x00\x00\x0d\x01" + bytes(8)), "got 00000d01"),
        (compress(b"\x00\x00\x08\x02" + bytes(12)), "got 00000802"),
        (compress(b"\x00\x00\x08\x03" + bytes(8)), "3 dimensions"),
        (compress(LABELS_HEADER + bytes(2)), r"truncated"),
        (compress(LABELS_HEADER + bytes(4)), "trailing bytes"),
        (compress(b"\x00\x00\x08\x03" + b"\xff" * 12), "truncated"),
    ],
)
def test_a_damaged_file_is_named_in_one_line(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=problem) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file at .*nowhere.gz"):
        read_idx(tmp_path / "nowhere.gz")
    with pytest.raises(InputError, match="directory"):
        read_idx(tmp_path)


@pytest.mark.parametrize("array", [np.zeros(3, np.int32), np.zeros((2, 2), np.uint8)])
def test_other_types_and_ranks_are_not_written(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(InputError, match="uint8 array of rank 1 or 3"):
        write_idx(tmp_path / "a.gz", array)
