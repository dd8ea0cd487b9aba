import hashlib
import zipfile

import pytest

from pipeline.ingest.inspection.glyphs import inspect_archive
from schema.errors import InputError


@pytest.fixture
def archive(glyph_folder, tmp_path):
    """The tiny data set twice, under two of EMNIST's names, in the layout of its archive."""
    path = tmp_path / "gzip.zip"
    with zipfile.ZipFile(path, "w") as members:
        for name in ("mnist", "letters"):
            for file in glyph_folder.iterdir():
                members.write(file, f"gzip/{file.name.replace('tiny', name)}")
    return path


def test_every_data_set_of_an_archive_is_looked_at(archive, tmp_path):
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    whole, letters, mnist = inspect_archive(archive, digest)
    assert whole.facts == (("data sets", "letters, mnist"),)
    assert not whole.problems
    assert (letters.title, mnist.title) == ("EMNIST letters", "EMNIST mnist")
    assert dict(letters.facts)["merged"].startswith("one class for both cases of ABC")
    assert len(mnist.panels) == 62
    assert [path.name for path in tmp_path.iterdir()] == ["gzip.zip"]


def test_an_archive_that_is_not_the_official_one_is_a_problem(archive):
    whole, *others = inspect_archive(archive)
    assert len(others) == 2
    [problem] = whole.problems
    assert "expected the SHA-256 fb9bb67e" in str(problem)


def test_what_is_no_archive_of_emnist_is_refused(tmp_path):
    path = tmp_path / "gzip.zip"
    path.write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"expected a zip archive.*gzip.zip"):
        inspect_archive(path)
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("other.txt", "")
    with pytest.raises(InputError, match="got none in"):
        inspect_archive(path)
