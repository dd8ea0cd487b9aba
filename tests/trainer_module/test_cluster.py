import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.errors import InputError
from trainer_module.cluster import Cluster, check_leader, read_cluster
from trainer_module.worker import main

TWO = {"worker": ["a:1", "b:2"]}


def told(cluster, task):
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


def worker(index):
    return {"type": "worker", "index": index}


def test_without_or_alone_there_is_no_cluster():
    assert read_cluster({}) is None
    assert read_cluster({"TF_CONFIG": " "}) is None
    assert read_cluster(told({"worker": ["a:1"]}, worker(0))) is None


def test_the_first_leads():
    assert read_cluster(told(TWO, worker(0))) == Cluster(("a:1", "b:2"), 0)
    assert not read_cluster(told(TWO, worker(1))).leads


def test_a_chief_comes_before_the_workers():
    chief = {"chief": ["c:3"], **TWO}
    assert read_cluster(told(chief, {"type": "chief", "index": 0})) == Cluster(
        ("c:3", "a:1", "b:2"), 0
    )
    assert read_cluster(told(chief, worker(0))).index == 1


@pytest.mark.parametrize(
    ("environment", "what"),
    [
        ({"TF_CONFIG": "{"}, "no JSON"),
        ({"TF_CONFIG": "[]"}, "no object"),
        (told({"worker": ["a"]}, worker(0)), "the address 'a'"),
        (told({"worker": "a:1"}, worker(0)), "a list of workers"),
        (told({"worker": ["a:1", "a:1"]}, worker(0)), "twice"),
        (told({**TWO, "ps": ["p:1"]}, worker(0)), "with ps"),
        (told(TWO, worker(2)), "the task"),
        (told(TWO, worker(True)), "the task"),
        (told(TWO, {"type": "evaluator", "index": 0}), "the task"),
        (told(TWO, None), "the task"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(environment, what):
    with pytest.raises(InputError, match=what) as caught:
        read_cluster(environment)
    assert "\n" not in str(caught.value)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda s: (
            st.lists(s)
            | st.dictionaries(
                st.sampled_from(["cluster", "task", "worker", "chief", "type", "index", "x"]), s
            )
        ),
    )
)
def test_any_json_is_read_or_refused(value):
    try:
        found = read_cluster({"TF_CONFIG": json.dumps(value)})
    except InputError:
        return
    assert found is None or 0 <= found.index < len(found.addresses)


def test_the_pipeline_runs_on_the_first_machine_only():
    check_leader({}, 7)
    check_leader(told(TWO, worker(0)), 8)
    with pytest.raises(InputError, match=r"trainer_module\.worker here"):
        check_leader(told(TWO, worker(1)), 8)


def test_a_batch_must_be_shared_equally():
    with pytest.raises(InputError, match="batch_size=8"):
        check_leader(told(TWO, worker(0)), 7)


def test_a_worker_without_a_cluster_or_in_the_leaders_place_is_told(monkeypatch, capsys):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert main([]) == 2
    assert "two machines or more" in capsys.readouterr().err
    monkeypatch.setenv("TF_CONFIG", told(TWO, worker(0))["TF_CONFIG"])
    assert main([]) == 2
    assert "run the pipeline here" in capsys.readouterr().err
