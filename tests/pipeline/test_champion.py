"""The strategy is asked as TFX asks it: through a compiled Resolver over a real database."""

import pytest
from tfx.dsl.compiler.compiler import Compiler
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable.input_resolution import node_inputs_resolver
from tfx.types import Channel
from tfx.types.standard_artifacts import Model, PushedModel

from pipeline.champion import ChampionStrategy
from pipeline.models.promotion import promote, rollback
from pipeline.pushes import MODEL_KEY, PUSHED_MODEL_KEY


def resolve(recorded):
    """Returns the id of the champion and the version that it serves as; None without one."""
    channels = {MODEL_KEY: Channel(type=Model), PUSHED_MODEL_KEY: Channel(type=PushedModel)}
    resolver = Resolver(strategy_class=ChampionStrategy, **channels).with_id("champion")
    connection = metadata.sqlite_metadata_connection_config(str(recorded.workspace.database))
    compiled = Compiler().compile(
        Pipeline(
            pipeline_name=recorded.name,
            pipeline_root=str(recorded.folder),
            components=[resolver],
            metadata_connection_config=connection,
        )
    )
    [node] = compiled.nodes
    with metadata.Metadata(connection) as handle:
        [found] = node_inputs_resolver.resolve(handle, node.pipeline_node.inputs)
    models, pushed = found[MODEL_KEY], found[PUSHED_MODEL_KEY]
    if not models:
        assert not pushed
        return None
    [model], [pushed] = models, pushed
    return model.id, int(pushed.get_string_custom_property("pushed_version"))


@pytest.fixture
def two(recorded):
    recorded.models = [recorded.train("a"), recorded.train("b")]
    for model in recorded.models:
        recorded.judge(model)
        recorded.push(model)
    return recorded


def test_there_is_none_before_the_first_push(recorded):
    assert resolve(recorded) is None
    model = recorded.train()
    recorded.judge(model, blessed=False)
    recorded.refuse_push(model)
    assert resolve(recorded) is None


def test_it_is_the_model_that_was_pushed_last(two):
    assert resolve(two) == (two.models[1].id, two.versions[1])


def test_a_blessed_model_that_was_not_pushed_is_none(two):
    model = two.train("c")
    two.judge(model, blessed=True)
    two.validate(model, blessed=False)
    two.refuse_push(model)
    assert resolve(two) == (two.models[1].id, two.versions[1])


def test_after_a_rollback_it_is_the_model_before(two):
    done = rollback(two.workspace, None, "ann")
    assert resolve(two) == (two.models[0].id, int(done.version.name))
    two.push_from_cache()
    assert resolve(two) == (two.models[0].id, int(done.version.name))


def test_after_a_forced_promotion_it_is_the_refused_model(two):
    model = two.train("c")
    two.judge(model, blessed=False)
    two.refuse_push(model)
    done = promote(two.workspace, None, str(model.id), "ann", "for the exhibition", force=True)
    assert resolve(two) == (model.id, int(done.version.name))


def test_a_push_from_the_cache_changes_nothing(two):
    two.push_from_cache()
    assert resolve(two) == (two.models[1].id, two.versions[1])


def test_models_of_another_pipeline_are_none_of_its_business(two, record_another):
    other = record_another("iam-lines")
    assert resolve(other) is None
    model = other.train("other")
    other.judge(model)
    other.push(model, 1_900_000_000)
    assert resolve(two) == (two.models[1].id, two.versions[1])
    assert resolve(other) == (model.id, 1_900_000_000)
    promote(two.workspace, two.name, str(two.models[0].id), "ann")
    assert resolve(other) == (model.id, 1_900_000_000)
