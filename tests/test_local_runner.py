"""Bad usage and bad data at the command line: one line, status 2, before anything heavy starts."""

import gzip
import shutil

import pytest

import local_runner
from pipeline.ingest.emnist_files import IMAGES_NAME, LABELS_NAME, MAPPING_NAME

SMALL = ("--set", "train_lines=20", "--set", "validation_lines=5", "--set", "test_lines=5")
IMAGES = IMAGES_NAME.format(name="tiny", split="train")
LABELS = LABELS_NAME.format(name="tiny", split="train")
MAPPING = MAPPING_NAME.format(name="tiny")


@pytest.fixture
def folder(glyph_folder, tmp_path):
    """A copy of good data, to be spoiled."""
    return shutil.copytree(glyph_folder, tmp_path / "data")


@pytest.fixture
def refusal(folder, tmp_path, capsys):
    def run(*more, lines=1):
        status = local_runner.main(
            [
                *("--dataset", "emnist", "--data-dir", str(folder)),
                *("--workspace", str(tmp_path / "workspace"), *SMALL, *more),
            ]
        )
        said = capsys.readouterr()
        assert status == 2
        assert said.out == ""
        assert said.err.count("\n") == lines
        return said.err

    return run


def truncate(path):
    path.write_bytes(path.read_bytes()[:-2000])


def write_labels(path, count, label):
    path.write_bytes(
        gzip.compress(b"\0\0\x08\x01" + count.to_bytes(4, "big") + bytes([label]) * count)
    )


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda folder: (folder / LABELS).unlink(), LABELS),
        (lambda folder: truncate(folder / IMAGES), IMAGES),
        (lambda folder: (folder / IMAGES).write_bytes(b"not gzip at all"), IMAGES),
        (lambda folder: (folder / IMAGES).write_bytes(gzip.compress(b"\1\2\3\4" * 9)), IMAGES),
        (lambda folder: write_labels(folder / LABELS, 7, 0), LABELS),
        (lambda folder: write_labels(folder / LABELS, 62 * 120, 99), LABELS),
        (lambda folder: (folder / MAPPING).write_text("0 forty-eight\n"), MAPPING),
        (lambda folder: shutil.rmtree(folder), "data"),
        (lambda folder: [path.unlink() for path in folder.iterdir()], "data"),
    ],
    ids=[
        "missing file",
        "truncated",
        "not gzip",
        "wrong magic",
        "label count differs",
        "label outside the mapping",
        "bad mapping",
        "no folder",
        "empty folder",
    ],
)
def test_bad_data_is_named(folder, refusal, spoil, named):
    spoil(folder)
    assert named in refusal()


def test_bad_data_of_a_bucket_is_named_in_its_mirror(folder, refusal, gcs_store):
    truncate(folder / IMAGES)
    address = ("--data-dir", str(gcs_store.address))
    assert f"objects under {gcs_store.address}/, got none" in refusal(*address)
    for path in folder.iterdir():
        gcs_store.put(path.name, path.read_bytes())
    said = refusal(*address, lines=2).splitlines()
    assert said[0].endswith(", 0 removed")
    assert f"/files/{IMAGES}" in said[1]


def test_a_bucket_to_publish_to_is_looked_at_first(refusal, gcs_store, tmp_path):
    gcs_store.contents.refused = 403
    said = refusal("--publish", str(gcs_store.address))
    assert f"a bucket to publish to, got {gcs_store.address} with a refusal" in said
    assert [path.name for path in (tmp_path / "workspace").iterdir()] == [".lock"]


def test_a_corpus_with_other_characters_is_named(refusal, tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("fine\nnaïve\n", encoding="utf-8")
    said = refusal("--corpus", str(corpus))
    assert "'ï'" in said
    assert "line 2" in said
    assert "corpus.txt" in said


def test_bad_settings_are_named(refusal):
    assert "learning_rat" in refusal("--set", "learning_rat=1")


def test_a_workspace_that_is_a_file_is_named(refusal, tmp_path):
    (tmp_path / "workspace").write_text("")
    assert "--workspace" in refusal()


def test_bad_data_leaves_nothing_that_a_next_run_would_trust(folder, refusal, tmp_path):
    (folder / IMAGES).write_bytes(b"not gzip at all")
    refusal()
    assert [path.name for path in (tmp_path / "workspace").iterdir()] == [".lock"]


def test_a_full_disk_is_told_in_one_line(refusal, monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device", "/workspace/planned")

    monkeypatch.setattr("pipeline.command.prepare_data", fail)
    assert "got a full disk (No space left on device)" in refusal()
