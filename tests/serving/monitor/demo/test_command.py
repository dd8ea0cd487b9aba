import os

import pytest

from serving.monitor.__main__ import main
from serving.monitor.demo import command
from serving.monitor.demo.receiver import receiving


@pytest.fixture
def workspace(tmp_path):
    """Two pushed line models, the second one newer, and test lines of the first."""
    for number, name in enumerate(("a-lines", "b-lines")):
        version = tmp_path / "pushed" / name / "5"
        version.mkdir(parents=True)
        (version / "saved_model.pb").write_bytes(b"")
        os.utime(version, (number, number))
    for folder in ("LineExampleGen/examples/2", "Transform/transformed_examples/6"):
        (tmp_path / "artifacts/a-lines" / folder / "Split-test").mkdir(parents=True)
    return tmp_path


def test_the_newest_line_model_is_taken(workspace):
    model = command._newest_model(workspace)
    assert model.name == "b-lines"
    assert command._newest_version(model).name == "5"
    ingested, transformed = command._test_lines(workspace, "a-lines")
    assert ingested.match("LineExampleGen/examples/2/Split-test")
    assert transformed.match("Transform/transformed_examples/6/Split-test")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "expected the test lines of b-lines's run"),
        (["--workspace", "nowhere"], "make run"),
        (["--model", "nowhere"], "correct --model"),
        (["--pictures", "nowhere"], "--pictures"),
        (["--requests", "10"], "--requests"),
        (["--window", "0"], "--window"),
    ],
)
def test_what_is_missing_is_told_in_one_line(workspace, options, told, capsys):
    output = ["--output", str(workspace / "out")]
    assert main(["demo", "--workspace", str(workspace), *output, *options]) == 2
    errors = capsys.readouterr().err
    assert told in errors
    assert errors.count("\n") == 1
    assert not (workspace / "out").exists()


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(command.InputError, match="--output"):
        command._prepare(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_folder_of_a_demo_is_made_anew(tmp_path):
    command._prepare(tmp_path / "out")
    (tmp_path / "out" / "old").write_text("")
    command._prepare(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [command.MARK_FILE]


def test_the_receiver_keeps_what_it_gets():
    import httpx

    with receiving() as receiver:
        assert httpx.post(receiver.url, json={"a": 1}, trust_env=False).status_code == 200
        assert httpx.post(receiver.url, content=b"no", trust_env=False).status_code == 400
        assert receiver.wait(5) == {"a": 1}
        assert receiver.wait(0) is None
