import argparse

import pytest

from schema.errors import InputError
from serving.monitor import learn_command
from serving.monitor.learn_command import add_learn_options, run_learn
from serving.monitor.reference import load_reference
from tests.serving.monitor.request_logs import draw_picture, predicted, write_log
from tests.serving.monitor.test_reference import small_reference

pytestmark = pytest.mark.slow  # a Beam pipeline each


def parse(*arguments):
    parser = argparse.ArgumentParser()
    add_learn_options(parser)
    return parser.parse_args([str(each) for each in arguments])


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A version without a model in it: its features are left out."""
    folder = tmp_path / "model" / "7"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    monkeypatch.setattr("serving.monitor.learn.describe_pictures", lambda model, pictures: None)
    return folder


def logs(count, **of_model):
    return [
        predicted([draw_picture(seed)], [f"read {seed}"], [seed / count], **of_model)
        for seed in range(count)
    ]


def test_a_reference_is_learned_of_a_log_and_replaces_the_one_before(tmp_path, model, capsys):
    log = write_log(tmp_path / "log", logs(120))
    for _ in range(2):
        assert run_learn(parse("--model", model, log)) == 0
    folder = model / "assets.extra" / "monitor"
    reference = load_reference(folder)
    assert len(reference) == 120
    assert reference.facts["version"] == 7
    assert [path.name for path in folder.parent.iterdir()] == ["monitor"]
    assert capsys.readouterr().out.endswith(f"{folder}\n")


def test_the_words_of_the_reference_before_are_kept(tmp_path, model):
    small_reference().save(model / "assets.extra" / "monitor")
    run_learn(
        parse("--model", model, write_log(tmp_path / "log", logs(120)), "--to", tmp_path / "new")
    )
    learned = load_reference(tmp_path / "new")
    assert learned.words == small_reference().words
    assert "unknown_word_share" in learned.counts


def test_several_versions_are_told_apart(tmp_path, model):
    log = write_log(tmp_path / "log", [*logs(120), *logs(110, version=8)])
    with pytest.raises(InputError, match=r"got lines 7 \(120\), lines 8 \(110\): choose one"):
        run_learn(parse("--model", model, log))
    assert run_learn(parse("--model", model, log, "--version", 8)) == 0


def test_too_few_requests_leave_nothing(tmp_path, model):
    with pytest.raises(InputError, match="expected at least 100 clean requests"):
        run_learn(parse("--model", model, write_log(tmp_path / "log", logs(20))))
    assert not (model / "assets.extra").exists()


def test_what_is_no_reference_is_not_replaced(tmp_path, model):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    log = write_log(tmp_path / "log", logs(120))
    with pytest.raises(InputError, match="expected a monitoring reference"):
        run_learn(parse("--model", model, log, "--to", precious))
    assert (precious / "file").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "model", "precious"]


def test_requests_are_drawn_where_there_are_many(tmp_path, model, monkeypatch):
    monkeypatch.setattr(learn_command, "MOST_REQUESTS", 105)
    run_learn(parse("--model", model, write_log(tmp_path / "log", logs(130))))
    assert len(load_reference(model / "assets.extra" / "monitor")) == 105
