import csv
import io
import json
import os
import shutil
import subprocess

import pytest

from pipeline.leaderboard.__main__ import BAD_INPUT, DONE, main
from pipeline.leaderboard.comparison import compare, find_entry
from pipeline.leaderboard.page import render
from pipeline.leaderboard.table import as_csv, as_table
from schema.errors import InputError


def trial(number, error, state="completed", reason=None):
    epoch = {
        "number": 1,
        "loss": 2.0,
        "validation_loss": 2.0,
        "validation_error": error or 0.0,
        "seconds": 1.0,
        "learning_rate": 0.1,
    }
    return {
        "trial_id": str(number),
        "state": state,
        "run": {
            "network": "lstm_ctc",
            "seed": number,
            "hyperparameters": {"dropout": 0.1},
            "changes": {"dropout": 0.1},
        },
        "error": error,
        "epochs": 1,
        "seconds": 1.0,
        "parent": None,
        "reason": reason,
        "curve": [epoch] if error is not None else [],
    }


@pytest.fixture
def workspace(tmp_path):
    search = tmp_path / "tuning" / "search"
    search.mkdir(parents=True)
    trials = [trial(0, 0.2), trial(1, 0.1), trial(2, None, "failed", "loss is not finite")]
    told = {"task": "lines", "error": "CER", "trials": trials}
    (search / "trials.json").write_text(json.dumps(told))
    return tmp_path


def test_trials_are_listed_best_first_and_failed_ones_say_why(workspace, capsys):
    assert main(["--workspace", str(workspace)]) == DONE
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["search/1", "search/0", "search/2"]
    assert "failed: loss is not finite" in lines[3]
    assert "dropout=0.1" in lines[1]


def test_two_trials_are_compared_field_by_field(workspace, capsys):
    assert main(["--workspace", str(workspace), "--compare", "search/0", "1"]) == DONE
    said = capsys.readouterr().out
    assert "* recipe.seed" in " ".join(said.replace("  ", " ").split())
    assert "recipe.hyperparameters.dropout" in said


def test_an_outcome_of_another_form_is_named(workspace, capsys):
    path = workspace / "tuning" / "search" / "trials.json"
    path.write_text('{"task": "lines"}')
    assert main(["--workspace", str(workspace)]) == BAD_INPUT
    assert str(path) in capsys.readouterr().err


def test_no_workspace_is_said_in_one_line(tmp_path, capsys):
    assert main(["--workspace", str(tmp_path / "none")]) == BAD_INPUT
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_ranks_and_blocks_are_of_one_task_each(entry):
    entries = [entry("pages/1", 0.3, task="detector", dataset="pages"), entry("m/1", 0.1)]
    assert [row["rank"] for row in csv.DictReader(io.StringIO(as_csv(entries)))] == ["1", "1"]
    head, first, blank, second = as_table(entries).split("\n")
    assert (first.split()[0], blank, second.split()[0]) == ("pages/1", "", "m/1")
    assert first.index("model") == second.index("model") == head.index("kind")


def test_csv_keeps_plain_figures(entry):
    [row] = csv.DictReader(io.StringIO(as_csv([entry("m/1", 0.05, 2.5, 1000)])))
    assert (row["test_error"], row["latency_ms"], row["model_bytes"]) == ("0.05", "2.5", "1000")


def test_code_and_the_hash_of_its_changes_are_compared(entry):
    left = entry("m/1", 0.1, facts={"origin": {"commit": "c", "diff": "aa"}, "code": "x"})
    right = entry("m/2", 0.1, facts={"origin": {"commit": "c", "diff": "bb"}, "code": "x"})
    fields = {each.field: each for each in compare(left, right)}
    assert (fields["origin.diff"].left, fields["origin.diff"].right) == ("aa", "bb")
    assert fields["origin.commit"].same
    assert fields["code"].same


def test_an_unknown_or_ambiguous_name_is_refused(entry):
    entries = [entry("a/1"), entry("b/1")]
    with pytest.raises(InputError, match=r"several end in: the names are a/1, b/1"):
        find_entry(entries, "1")
    with pytest.raises(InputError, match="none has"):
        find_entry(entries, "7")


def test_the_page_says_that_the_sample_is_synthetic_and_escapes_names(entry):
    page = render([entry("<b>/1", 0.1, 2.0, 3000, dataset="sample")], "workspace")
    assert "synthetic handwriting" in page
    assert "<b>/1" not in page
    assert page.count("<svg") == 1  # the curves: a front takes two


def test_trials_have_a_table_of_their_own_without_empty_columns(entry):
    trial = entry("search/1", kind="trial", validation_error=0.2, settings="dropout=0.2")
    page = render([entry("m/1", 0.1, 2.0, 3000), entry("m/2", 0.2, 1.0, 2000), trial], "workspace")
    assert page.count("<svg") == 4
    models, trials = page.split("trials of searches</h2>")
    assert (models.count(">latency<"), trials.count(">latency<")) == (1, 0)
    assert trials.count("<td") == 4
    assert "dropout=0.2" in trials


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_click_sorts_the_table(entry, tmp_path):
    entries = [entry("m/1", 0.1, 9.0), entry("m/2", 0.2, 5.0), entry("m/3", 0.3)]
    click = "<script>document.querySelectorAll('th button')[6].click()</script></body>"
    path = tmp_path / "page.html"
    path.write_text(render(entries, "workspace").replace("</body>", click))
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    rows = ["m/1", "m/2", "m/3"]
    places = [done.stdout.index(f'data-value="{name}"') for name in rows]
    assert sorted(rows, key=lambda name: places[rows.index(name)]) == ["m/2", "m/1", "m/3"]
