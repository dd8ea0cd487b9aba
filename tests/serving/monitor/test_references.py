import pytest

from schema.errors import InputError
from serving.monitor.reference import reference_folder
from serving.monitor.references import References
from tests.serving.monitor.traffic import reference


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """Versions 6 and 8 with a reference, 7 without, and what is no version."""
    model = tmp_path_factory.mktemp("pushed")
    clean = reference(20)
    for version in ("6", "7", "8", "tmp"):
        (model / version).mkdir()
    for version in ("6", "8"):
        clean.save(reference_folder(model / version))
    return model


def test_each_version_has_its_own(pushed):
    found = References(pushed).of(6)
    assert found.folder == reference_folder(pushed / "6")
    assert (found.model, found.note) == (pushed / "6", "")
    assert References(pushed).usual.model == pushed / "8"


@pytest.mark.parametrize(
    ("version", "model", "told"),
    [
        (7, "7", "Version 7 has no reference of its own: it was held against that of version 8."),
        (9, None, "Version 9 has no reference of its own"),
        (None, None, "The log does not tell the version"),
    ],
)
def test_without_one_the_newest_stands_in_and_it_is_said(pushed, version, model, told):
    found = References(pushed).of(version)
    assert found.folder == reference_folder(pushed / "8")
    assert found.model == (model and pushed / model)
    assert found.note.startswith(told)


def test_a_reference_that_is_named_holds_for_all(pushed, tmp_path):
    reference(20).save(tmp_path / "own")
    references = References(pushed, tmp_path / "own")
    assert {references.of(version).folder for version in (6, 7, None)} == {tmp_path / "own"}
    assert references.of(6).model == pushed / "6"
    assert References(None, tmp_path / "own").of(6).model is None


def test_the_folder_of_one_version_will_do(pushed):
    found = References(pushed / "6").of(None)
    assert (found.model, found.note) == (pushed / "6", "")


def test_what_is_missing_is_told(pushed, tmp_path):
    for arguments, told in (
        ((None,), "--model"),
        ((tmp_path / "none",), "expected a folder"),
        ((pushed, tmp_path / "none"), "expected a folder"),
    ):
        with pytest.raises(InputError, match=told):
            References(*arguments)
    with pytest.raises(InputError, match="expected a pushed model with a monitoring reference"):
        References(tmp_path).of(7)
    with pytest.raises(InputError, match="expected a monitoring reference"):
        References(None, tmp_path).of(7)
