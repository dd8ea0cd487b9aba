"""`list`, `show` and their JSON, of one history."""

import dataclasses
import json

import pytest

from pipeline.models.as_json import history_json, model_json
from pipeline.models.details import show_model
from pipeline.models.history import read_history
from pipeline.models.listing import list_models
from pipeline.models.promotion import promote, rollback
from pipeline.models.wording import SYNTHETIC_NOTE


@pytest.fixture
def told(recorded, verdict):
    """A champion, a challenger that was refused, forced and rolled back, and one not judged."""
    champion = recorded.train("champion")
    recorded.judge(champion, verdict=dataclasses.replace(verdict, blessed=True, reasons=()))
    recorded.validate(champion, blessed=True)
    recorded.push(champion)
    refused = recorded.train("refused")
    recorded.judge(refused, False, verdict.reason, baseline=champion, verdict=verdict)
    promote(recorded.workspace, None, str(refused.id), "ann", "a show", force=True)
    rollback(recorded.workspace, None, "bob")
    recorded.train("unjudged")
    return read_history(recorded.workspace, None)


def rows_of(text):
    return text.splitlines()[3:]


def test_the_table_has_a_line_for_each_model(told):
    text = list_models(told, 200)
    unjudged, refused, champion = rows_of(text)
    assert text.startswith(f"sample-lines in {told.base_path}: version {told.serving_version} serv")
    assert champion.startswith("*")
    assert not refused.startswith("*")
    assert "sample lstm_ctc  CER 9.0% (8.0% to 10.0%)  blessed" in champion
    assert "passed" in champion
    assert f"{told.serving_version} SERVES, 1700000000" in champion
    assert "refused" in refused
    assert f"{told.pushes[1].version} forced" in refused
    assert refused.endswith("CER 9.00% is more than 0.50% above the 6.00% of the model that serves")
    assert "not judged here" in unjudged


def test_figures_on_synthetic_handwriting_say_so(told, recorded, record_another):
    assert SYNTHETIC_NOTE in list_models(told, 160)
    assert SYNTHETIC_NOTE in show_model(told, told.models[0])
    real = record_another("iam-lines")
    real.train(dataset="iam")
    history = read_history(real.workspace, "iam-lines")
    assert SYNTHETIC_NOTE not in list_models(history, 160)


@pytest.mark.parametrize("width", [60, 120])
def test_rows_are_cut_to_the_width(told, width):
    rows = rows_of(list_models(told, width))
    assert max(map(len, rows)) <= width
    assert rows[1].endswith("...")


def test_an_empty_history_is_told(recorded):
    history = read_history(recorded.workspace, None)
    assert list_models(history, 100).splitlines() == [
        f"sample-lines in {recorded.base_path}: nothing serves",
        "no model was trained yet",
    ]


def test_a_version_put_there_by_hand_is_told(recorded):
    recorded.train()
    folder = recorded.base_path / "12"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    history = read_history(recorded.workspace, None)
    assert "version 12 serves, which was not pushed from here" in list_models(history, 100)


def test_paths_are_told_as_they_are_typed(recorded, monkeypatch):
    recorded.train()
    history = read_history(recorded.workspace, None)
    monkeypatch.chdir(recorded.folder.parent)
    assert list_models(history, 100).startswith("sample-lines in workspace/pushed/sample-lines: ")


def test_older_versions_are_counted(recorded):
    model = recorded.train()
    for _ in range(4):
        recorded.push(model)
    [row] = rows_of(list_models(read_history(recorded.workspace, None), 200))
    assert row.endswith("1700000300 SERVES, 1700000200, 2 older")


def test_a_model_is_shown_with_all_that_made_it(told):
    text = show_model(told, told.find(str(told.pushes[1].version)))
    for expected in (
        f"model         {told.models[1].model_id} of sample-lines",
        "span 3 version 1, span 3, version 1",
        "40 train, 4 test examples",
        "code          c0de",
        "lines of sample, lstm_ctc, 40 steps, seed 7",
        "dropout = 0.2",
        "gate          refused: CER 9.00% is more than",
        f"baseline      model {told.models[2].model_id}",
        "CER           9.0% (8.0% to 10.0%), of 1,500 examples, bound 25.0%",
        "baseline 6.0% (5.0% to 7.0%)",
        "change 3.0% (2.0% to 4.0%), tolerance 0.5%",
        "WER           not a number, of 1,500 examples",
        "promoted, past the gate, by ann: a show",
        "by Trainer from",
    ):
        assert expected in text
    champion = show_model(told, told.models[2])
    assert "rolled back to 1700000000 by bob: no reason given" in champion
    assert "pushed by the pipeline" in champion
    assert "gate          not judged here" in show_model(told, told.models[0])


def test_json_says_the_same(told):
    content = json.loads(history_json(told))
    assert content["serving_version"] == told.serving_version
    unjudged, refused, champion = content["models"]
    assert content["serving_model"] == champion["model_id"]
    assert [each["serves"] for each in content["models"]] == [False, False, True]
    assert unjudged["judgement"] is None
    assert unjudged["refusal"] == "it was not judged here"
    assert refused["pushes"][0]["forced"]
    assert refused["pushes"][0]["reason"] == "a show"
    assert champion["synthetic"]
    assert "lineage" not in champion
    shown = json.loads(model_json(told, told.models[1]))
    cer, wer = shown["judgement"]["metrics"]
    assert cer["change"]["value"] == 0.03
    assert wer["candidate"]["value"] is None
    assert shown["lineage"][-1]["type_name"] == "Model"
    assert shown["data"][0]["splits"] == {"train": 40, "test": 4}
