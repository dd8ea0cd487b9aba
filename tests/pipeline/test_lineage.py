import pytest

from pipeline.lineage import Lineage, find_runs


@pytest.fixture
def lineage(recorded):
    recorded.model = recorded.train()
    recorded.judge(recorded.model)
    executions = recorded.store.get_executions_by_context(recorded.pipeline.id)
    return Lineage(recorded.store, executions)


def test_executions_tell_their_node_and_run(lineage):
    assert [lineage.node_of(each) for each in lineage.executions] == [
        "LineExampleGen",
        "Transform",
        "Trainer",
        "Evaluator",
    ]
    assert {lineage.run_of(each) for each in lineage.executions} == {"sample-lines-run"}


def test_artifacts_hang_together(lineage, recorded):
    *_, trainer, evaluator = lineage.executions
    assert lineage.output(trainer, "model").id == recorded.model.id
    assert lineage.input(evaluator, "model").id == recorded.model.id
    assert lineage.input(evaluator, "baseline_model") is None
    assert lineage.producer(lineage.output(trainer, "model")) == trainer


def test_ancestors_are_all_that_led_to_an_artifact(lineage):
    model = lineage.artifacts("Model")[0]
    ancestors = lineage.ancestors(model)
    assert [each.type for each in ancestors] == ["Examples", "Examples", "Model"]
    assert ancestors == sorted(ancestors, key=lambda each: each.id)
    assert lineage.ancestors(ancestors[0]) == ancestors[:1]


def test_what_was_found_in_the_cache_has_its_first_producer(recorded):
    recorded.push(recorded.train())
    recorded.push_from_cache()
    executions = recorded.store.get_executions_by_context(recorded.pipeline.id)
    lineage = Lineage(recorded.store, executions)
    [pushed] = lineage.artifacts("PushedModel")
    assert lineage.producer(pushed) == lineage.executions[-2]


def test_a_lineage_may_be_empty(recorded):
    assert Lineage(recorded.store, []).artifacts("Model") == []
    assert find_runs(recorded.store, recorded.pipeline) == [recorded.run]
