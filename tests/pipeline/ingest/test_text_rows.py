import os

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from pipeline.ingest import text_rows
from pipeline.ingest.text_rows import TextRows
from schema.errors import InputError

TEXTS = st.lists(st.text(alphabet="ab \u00e9\u4e2d", max_size=3), max_size=20)


@given(TEXTS, TEXTS, st.integers(0, 45), st.integers(0, 45))
def test_texts_come_back_as_from_a_list(
    before: list[str], after: list[str], first: int, end: int
) -> None:
    rows, plain = TextRows(width=9), before + after
    rows.extend(before)
    rows.extend(iter(after))
    assert len(rows) == len(plain)
    assert list(rows) == plain
    assert rows.read(first, end) == plain[first:end]
    order = np.random.default_rng(first).permutation(len(plain))
    assert list(rows.take(order)) == [plain[place] for place in order]


def test_blocks_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_rows, "BLOCK_TEXTS", 2)
    rows = TextRows(width=1)
    rows.extend("abcde")
    assert list(rows) == list("abcde")
    assert list(text_rows.in_blocks("abcde")) == [["a", "b"], ["c", "d"], ["e"]]


def test_a_text_that_is_too_long_is_refused_whole() -> None:
    rows = TextRows(width=2)
    with pytest.raises(ValueError, match="at most 2 bytes"):
        rows.extend(["ab", "\u4e2d"])
    assert list(rows) == []


def test_a_full_disk_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def write_half(_: int, data: bytes, place: int) -> int:
        if place:
            raise OSError(28, os.strerror(28))
        return len(data) // 2

    rows = TextRows(width=4)
    monkeypatch.setattr(os, "pwrite", write_half)
    with pytest.raises(InputError, match=r"room .* got No space left on device: .*TMPDIR"):
        rows.extend(["text", "more"])
    assert len(rows) == 0


def test_nothing_is_left_in_the_folder_of_temporary_files(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rows = TextRows(width=4)
    rows.extend(["text"])
    assert not list(tmp_path.iterdir())
