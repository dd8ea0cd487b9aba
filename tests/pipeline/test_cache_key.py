"""A stage's cache key does not depend on where Beam's work ran."""

import pytest
from tfx.components.statistics_gen.executor import Executor
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec, ExecutorClassSpec
from tfx.orchestration import metadata
from tfx.orchestration.portable import cache_utils
from tfx.proto.orchestration import pipeline_pb2

from pipeline.beam.options import IN_PROCESS
from pipeline.cache_key import keys_of_any_runner

OWN = cache_utils.get_cache_context
FAR = ("--runner=PortableRunner", "--extra_package=/tmp/one/package.whl")


def encode(arguments):
    spec = BeamExecutorSpec(Executor)
    spec.beam_pipeline_args = list(arguments)
    return spec.encode()


@pytest.fixture
def key(tmp_path):
    connection = metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.sqlite"))
    with metadata.Metadata(connection) as handle:

        def make(spec, **parameters):
            node, pipeline = pipeline_pb2.PipelineNode(), pipeline_pb2.PipelineInfo(id="lines")
            made = cache_utils.get_cache_context(
                handle, node, pipeline, executor_spec=spec, parameters=parameters
            )
            return made.name

        yield make


def test_runners_share_keys_with_runs_before_and_nothing_else_does(key):
    before = key(encode(IN_PROCESS))
    assert key(encode(FAR)) != before
    with keys_of_any_runner():
        assert key(encode(FAR)) == key(encode(IN_PROCESS)) == before
        assert key(encode(FAR), seed=1) != before
        assert key(ExecutorClassSpec(Executor).encode()) != before


def test_the_function_is_put_back():
    with pytest.raises(KeyError), keys_of_any_runner():
        raise KeyError
    assert cache_utils.get_cache_context is OWN
