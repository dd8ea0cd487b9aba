import pytest

from pipeline import fingerprint
from pipeline.fingerprint import hash_files, hash_source


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint, "PROJECT_ROOT", tmp_path)
    package = tmp_path / "package"
    package.mkdir()
    (package / "module.py").write_text("answer = 42\n")
    (package / "notes.txt").write_text("not code\n")
    return package


def test_changed_code_changes_the_hash(project):
    before = hash_source("package")
    (project / "module.py").write_text("answer = 43\n")
    assert hash_source("package") != before


def test_a_new_module_changes_the_hash_and_other_files_do_not(project):
    before = hash_source("package")
    (project / "notes.txt").write_text("changed\n")
    assert hash_source("package") == before
    (project / "other.py").write_text("")
    assert hash_source("package") != before


def test_a_part_that_does_not_exist_is_no_empty_hash(project):
    with pytest.raises(FileNotFoundError):
        hash_source("pakage")


def test_file_names_and_contents_count(tmp_path):
    left, right = tmp_path / "left", tmp_path / "right"
    left.write_text("same")
    right.write_text("same")
    assert hash_files([left]) != hash_files([right])
