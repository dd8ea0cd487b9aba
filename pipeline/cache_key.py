"""Lets a stage be taken from the cache whichever Beam engine made it.

TFX's cache key has Beam's arguments in it, and so the address of a pool and the folder of the
staged package, another in each run: no distributed run would go on where one had ended.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tfx.orchestration.portable import cache_utils
from tfx.proto.orchestration import executable_spec_pb2

from pipeline.beam.options import IN_PROCESS


@contextmanager
def keys_of_any_runner() -> Iterator[None]:
    """Has TFX, inside the block, make cache keys as if all of Beam's work ran in one process."""
    own = cache_utils.get_cache_context

    def make_key(*arguments: Any, executor_spec: Any = None, **more: Any) -> Any:
        return own(*arguments, executor_spec=_put_in_process(executor_spec), **more)

    cache_utils.get_cache_context = make_key
    try:
        yield
    finally:
        cache_utils.get_cache_context = own


def _put_in_process(spec: Any) -> Any:
    """Returns what runs a stage, with Beam's arguments of a run in one process."""
    if not isinstance(spec, executable_spec_pb2.BeamExecutableSpec):
        return spec
    same = executable_spec_pb2.BeamExecutableSpec()
    same.python_executor_spec.CopyFrom(spec.python_executor_spec)
    same.beam_pipeline_args.extend(IN_PROCESS)
    for argument in IN_PROCESS:
        same.beam_pipeline_args_placeholders.add().value.string_value = argument
    return same
