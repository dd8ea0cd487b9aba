import pytest

from pipeline import fingerprint
from pipeline.fingerprint import find_sources, hash_code, hash_files


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint, "PROJECT_ROOT", tmp_path)
    sources = {
        "package/__init__.py": "",
        "package/entry.py": "import os\nfrom package.inner import deep\nimport beside\n",
        "package/inner/__init__.py": "",
        "package/inner/deep.py": "def late():\n    from package import last\n",
        "package/last.py": "from package.entry import beside\n",  # a circle
        "package/unused.py": "",
        "beside.py": "",
    }
    for name, text in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_sources_are_what_the_entry_leads_to(project):
    found = {str(path.relative_to(project)) for path in find_sources("package.entry")}
    assert found == {
        "package/__init__.py",
        "package/entry.py",
        "package/inner/__init__.py",
        "package/inner/deep.py",
        "package/last.py",
        "beside.py",
    }


def test_changed_code_anywhere_below_changes_the_hash(project):
    before = hash_code("package.entry")
    (project / "package" / "last.py").write_text("answer = 43\n")
    assert hash_code("package.entry") != before


def test_code_that_is_not_used_does_not(project):
    before = hash_code("package.entry")
    (project / "package" / "unused.py").write_text("answer = 43\n")
    assert hash_code("package.entry") == before


def test_data_files_count(project, tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("one")
    before = hash_code("package.entry", corpus)
    corpus.write_text("two")
    assert before != hash_code("package.entry", corpus) != hash_code("package.entry")


def test_a_module_that_does_not_exist_is_no_empty_hash(project):
    with pytest.raises(ModuleNotFoundError):
        hash_code("package.entri")


def test_file_names_and_contents_count(tmp_path):
    left, right = tmp_path / "left", tmp_path / "right"
    left.write_text("same")
    right.write_text("same")
    assert hash_files([left]) != hash_files([right])


def test_the_real_entry_points_lead_to_what_they_run():
    names = {path.name for path in find_sources("trainer_module.run_fn")}
    assert {"lstm_ctc.py", "image.py", "ctc.py", "alphabet.py", "export.py"} <= names
    assert "rest_api.py" not in names
