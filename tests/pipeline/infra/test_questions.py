import time

import pytest
import tensorflow as tf

from pipeline.infra import questions
from pipeline.infra.answers import WrongAnswer
from pipeline.infra.questions import Question, ask, make_questions, wait_until_loaded
from serving.grpc_calls import CallError, ModelStatus

QUESTION = Question("serving_default", "image_bytes", (b"picture",))


def test_examples_are_asked_together_and_pictures_alone(examples_folder):
    together, *alone = make_questions(examples_folder / "Split-test", 3)
    assert (together.signature, together.input_name) == ("serving_examples", "examples")
    sent = [tf.train.Example.FromString(each) for each in together.values]
    assert len(sent) == 3
    assert [(each.signature, each.input_name, each.values) for each in alone] == [
        ("serving_default", "image_bytes", (b"x" * length,)) for length in (1, 2, 3)
    ]


def test_a_small_split_gives_what_it_has(examples_folder):
    assert len(make_questions(examples_folder / "Split-test", 1000)) == 1 + 10


def test_an_empty_split_gives_no_question(examples_folder):
    assert make_questions(examples_folder / "Split-train", 3) == []
    assert make_questions(examples_folder / "Split-absent", 3) == []


def say(monkeypatch, *states):
    """Lets a server go through states, the last of which stays."""
    told = list(states)

    def read_status(*_):
        state = told.pop(0) if len(told) > 1 else told[0]
        if isinstance(state, Exception):
            raise state
        return state

    monkeypatch.setattr(questions, "read_status", read_status)


def test_a_model_is_waited_for(monkeypatch):
    loading = ModelStatus("LOADING", "")
    say(monkeypatch, CallError("UNAVAILABLE"), loading, ModelStatus("AVAILABLE", ""))
    checks = []
    wait_until_loaded("here", "lines", lambda: checks.append(1), time.time() + 10)
    assert len(checks) == 3


def test_a_model_that_is_given_up_is_not_waited_for(monkeypatch):
    say(monkeypatch, ModelStatus("END", "no such op"))
    with pytest.raises(CallError, match="expected the model to be AVAILABLE, got END no such op"):
        wait_until_loaded("here", "lines", lambda: None, time.time() + 1000)


@pytest.mark.parametrize(
    ("state", "told"),
    [(ModelStatus("LOADING", ""), "got LOADING$"), (CallError("UNAVAILABLE x"), "UNAVAILABLE x$")],
)
def test_a_model_that_hangs_is_given_up_at_the_deadline(monkeypatch, state, told):
    say(monkeypatch, state)
    with pytest.raises(CallError, match=told):
        wait_until_loaded("here", "lines", lambda: None, time.time())


def test_what_is_wrong_names_the_signature(monkeypatch):
    monkeypatch.setattr(questions, "predict", lambda *_: {})
    with pytest.raises(WrongAnswer, match=r"^serving_default: expected text"):
        ask("here", "lines", QUESTION)


def test_a_refused_call_names_the_signature(monkeypatch):
    def refuse(*_):
        raise CallError("INTERNAL oops")

    monkeypatch.setattr(questions, "predict", refuse)
    with pytest.raises(CallError, match=r"^serving_default: expected an answer, got INTERNAL oops"):
        ask("here", "lines", QUESTION)
