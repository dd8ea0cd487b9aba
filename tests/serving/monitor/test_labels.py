import dataclasses

import pytest

from schema.errors import InputError
from serving.monitor.labels import add_labels, read_labels
from serving.monitor.logged_request import LINES, LoggedRequest, MeasuredRequest, RecordId
from tests.serving.monitor.clean import make_profile, make_reference


def request(image, reading):
    return MeasuredRequest(
        LoggedRequest(RecordId("log", 0), "lines", 7, 0, 1.0, image, LINES, reading, 0.5), {}
    )


@pytest.fixture
def labels(tmp_path):
    (tmp_path / "day").mkdir()
    for name, picture, text in (("a", b"one", "ink"), ("day/b", b"two", " two  words\n")):
        (tmp_path / f"{name}.png").write_bytes(picture)
        (tmp_path / f"{name}.gt.txt").write_text(text)
    (tmp_path / "without.gt.txt").write_text("no picture")
    return read_labels(tmp_path)


def test_labels_are_found_by_the_bytes_of_the_picture(labels):
    assert sorted(labels.values()) == ["ink", "two words"]
    profile = dataclasses.replace(
        make_profile(make_reference(100), 60, 1),
        sampled=(request(b"two", "two word"), request(b"other", "x"), request(b"one", None)),
    )
    labelled = add_labels(profile, labels)
    assert labelled.edits.tolist() == [1]
    assert labelled.characters.tolist() == [9]


def test_a_folder_without_labels_is_named(tmp_path):
    with pytest.raises(InputError, match="expected pictures with their texts"):
        read_labels(tmp_path)


def test_a_text_that_is_no_utf_8_is_named(tmp_path):
    (tmp_path / "a.gt.txt").write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"got UnicodeDecodeError at .*a\.gt\.txt"):
        read_labels(tmp_path)
