import stat

import pytest

from serving.whole_file import write_whole


def test_a_file_is_replaced_and_its_folder_made(tmp_path):
    path = tmp_path / "new" / "file"
    for content in (b"one", b"two"):
        assert write_whole(path, content) == path
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRGRP  # others may read it


def test_what_cannot_be_written_leaves_all_as_it_was(tmp_path):
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
