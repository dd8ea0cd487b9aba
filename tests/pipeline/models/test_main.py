import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.models import __main__ as command_line
from pipeline.models.__main__ import main
from pipeline.pages.result import PagePush
from pipeline.workspace import hold_promotions, hold_workspace
from schema.errors import InputError

ROOT = Path(__file__).resolve().parents[3]
LOCK = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1])
connection.execute("begin immediate")
print("held", flush=True)
time.sleep(120)
"""


@pytest.fixture
def pushed(recorded):
    for name in "ab":
        model = recorded.train(name)
        recorded.judge(model)
        recorded.push(model)
    return recorded


@pytest.fixture
def run(recorded, capsys):
    def call(*arguments, workspace=recorded.folder):
        status = main([*arguments, "--workspace", str(workspace)])
        return status, *capsys.readouterr()

    return call


def refuse(run, *arguments, **options):
    """Runs what must fail; returns the one line that says why."""
    status, out, err = run(*arguments, **options)
    assert (status, out) == (2, "")
    assert err.startswith("pipeline.models: expected ")
    assert err.count("\n") == 1
    return err


def test_list_show_promote_and_rollback(run, pushed):
    assert run("list")[1].count("\n") == 5
    status, out, _ = run("rollback", "--reason", "too many errors", "--author", "ann")
    assert status == 0
    assert out.startswith(f"serves   {pushed.base_path}")
    assert pushed.serving() == "a"
    shown = json.loads(run("show", "1700000000", "--json")[1])
    assert shown["pushes"][-1]["reason"] == "too many errors"
    assert run("promote", "1700000100")[0] == 0
    assert pushed.serving() == "b"
    assert json.loads(run("list", "--json")[1])["models"][0]["serves"]


def test_the_author_is_who_is_logged_in(run, pushed, monkeypatch):
    monkeypatch.setenv("LOGNAME", "carla")
    run("rollback")
    assert json.loads(run("list", "--json")[1])["models"][1]["pushes"][-1]["author"] == "carla"


def test_who_has_no_login_name_must_give_one(run, pushed, monkeypatch):
    def fail():
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", fail)
    assert "--author NAME" in refuse(run, "rollback")
    assert run("rollback", "--author", "ann")[0] == 0


def test_a_bucket_follows_promotions_and_rollbacks(run, pushed, store):
    def published():
        return {name: each.decode() for name, each in store.objects().items() if "saved" in name}

    address, base = str(store.address), "sample-lines"
    status, out, _ = run("publish", "--to", address)
    assert (status, out) == (0, f"bucket   {address}/{base}/1700000100\n")
    assert published() == {
        f"{base}/1700000000/saved_model.pb": "a",
        f"{base}/1700000100/saved_model.pb": "b",
    }
    version = Path(run("rollback")[1].splitlines()[0].split()[1].rstrip(",")).name
    assert published()[f"{base}/{version}/saved_model.pb"] == "a"
    assert len(published()) == 3
    run("promote", "1700000100")
    assert len(published()) == 4


def test_a_bucket_that_fails_stops_no_rollback(run, pushed, gcs_store):
    run("publish", "--to", str(gcs_store.address))
    gcs_store.contents.refused = 403
    status, out, err = run("rollback")
    assert status == 2
    assert out.startswith("serves   ")
    assert err.count("\n") == 1
    assert "what was pushed here stands" in err
    assert pushed.serving() == "a"
    gcs_store.contents.refused = None
    assert run("publish")[0] == 0
    assert len([name for name in gcs_store.objects() if "saved_model.pb" in name]) == 3
    assert pushed.serving() == "a"  # a second rollback would have gone further back


def test_what_cannot_be_published_is_told(run, recorded, monkeypatch):
    assert "expected pushed models to publish, got none" in refuse(run, "publish")
    model = recorded.train()
    recorded.push(model)
    assert "--to s3://BUCKET/PREFIX or gs://" in refuse(run, "publish")
    assert "got 'models'" in refuse(run, "publish", "--to", "models")


@pytest.mark.parametrize("command", [["list"], ["show", "1"], ["promote", "1"], ["rollback"]])
def test_without_a_run_nothing_is_made(run, tmp_path, command):
    assert "got none at" in refuse(run, *command, workspace=tmp_path / "absent")
    assert not (tmp_path / "absent").exists()
    (tmp_path / "empty").mkdir()
    assert "got none at" in refuse(run, *command, workspace=tmp_path / "empty")
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["lst"],
        ["show"],
        ["promote", "1", "--reason"],
        ["rollback", "--to", "yesterday"],
        ["list", "--js"],
    ],
)
def test_bad_usage_is_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_promotion_waits_for_no_other(run, pushed):
    with hold_promotions(pushed.folder):
        assert "another promotion is changing" in refuse(run, "rollback")
    assert pushed.serving() == "b"


def test_a_rollback_need_not_wait_for_a_run(run, pushed):
    with hold_workspace(pushed.folder):
        status, _, err = run("rollback")
    assert status == 0
    assert "a run is using the workspace" in err
    assert pushed.serving() == "a"
    assert run("promote", "1700000100")[2] == ""


@pytest.mark.slow  # ML Metadata is patient
def test_a_locked_database_changes_nothing(run, pushed):
    before = sorted(pushed.base_path.iterdir())
    code = [sys.executable, "-c", LOCK, str(pushed.workspace.database)]
    with subprocess.Popen(code, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        try:
            told = refuse(run, "rollback")
        finally:
            holder.kill()
    assert "locked by another process" in told
    assert sorted(pushed.base_path.iterdir()) == before
    assert run("rollback")[0] == 0


def test_a_promoted_model_goes_into_pages_and_a_rolled_back_one_where_it_was(
    run, pushed, monkeypatch
):
    composed = []

    def push_page_reader(base_path, workspace, compare):
        assert workspace == pushed.workspace
        composed.append(compare)
        return PagePush(base_path.parent / "pages" / "1")

    monkeypatch.setattr(command_line, "push_page_reader", push_page_reader)
    monkeypatch.setattr(command_line, "reads_pages", lambda base_path: False)
    assert "pages" not in run("rollback")[1].splitlines()[-1].split()[0]
    assert composed == []
    assert run("promote", "1700000100")[1].splitlines()[-1].startswith("pages    ")
    monkeypatch.setattr(command_line, "reads_pages", lambda base_path: True)
    run("rollback")
    run("promote", "1700000100", "--force", "--reason", "it was blessed all the same")
    # Only what nobody decided against the gate is held to the page servable before.
    assert composed == [True, False, True]


@pytest.mark.parametrize("why", ["expected a line model with two halves", "it reads worse"])
def test_pages_that_cannot_follow_leave_the_promotion_as_it_is(run, pushed, monkeypatch, why):
    def push_page_reader(base_path, workspace, compare):
        if "halves" in why:
            raise InputError(why)
        return PagePush(remark=why)

    monkeypatch.setattr(command_line, "push_page_reader", push_page_reader)
    status, out, err = run("promote", "1700000000")
    assert status == 0
    assert out.startswith("serves ")
    assert f"the page servable stays with the model before: {why}" in err
    assert pushed.serving() == "a"
