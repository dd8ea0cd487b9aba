"""TFX with its pipeline root in a bucket: executors work on mirrors, ML Metadata names the bucket.

TFX's launcher asks an operator to run an executor. Ours stand around TFX's: they fetch the inputs,
hand the executor places on this machine, upload its outputs, and put the addresses back. What
launcher and drivers ask of the bucket themselves, `artifact_filesystem` answers.
"""

import copy
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tfx.orchestration.portable import launcher, outputs_utils
from tfx.orchestration.portable.base_executor_operator import BaseExecutorOperator
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration import executable_spec_pb2
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput
from tfx.types import Artifact

from pipeline.artifact_filesystem import bucket_filesystem, far_filesystem
from pipeline.buckets.artifacts import Artifacts
from schema.errors import InputError

_PAUSES = (5, 15, 60)
"""Seconds before an upload that failed is tried again."""

_log = logging.getLogger(__name__)


class MirroringOperator:
    """An operator whose executor works on mirrors.

    Args:
      operator: TFX's class, which runs the executor.
      artifacts: where all of them are.
      arguments: the launcher's, for the operator.
    """

    def __init__(
        self, operator: type[BaseExecutorOperator], artifacts: Artifacts, **arguments: Any
    ) -> None:
        self._operator = operator(**arguments)
        self._artifacts = artifacts

    def with_execution_watcher(self, address: str) -> "MirroringOperator":
        """Passes on where the executor may report to."""
        self._operator.with_execution_watcher(address)
        return self

    def run_executor(self, execution_info: ExecutionInfo) -> ExecutorOutput:
        """Runs the executor; its outputs are in the bucket when this returns.

        Raises:
          InputError: the bucket fails or lacks a part of an input.
        """
        for artifact in _all(execution_info.input_dict):
            self._artifacts.local(artifact.uri)
        here = self._move_here(execution_info)
        try:
            output = self._operator.run_executor(here)
            if not output.execution_result.code:
                for artifact in _all(execution_info.output_dict):
                    self._upload(artifact.uri)
        except BaseException:
            for artifact in _all(here.output_dict):
                shutil.rmtree(artifact.uri, ignore_errors=True)
            raise
        finally:
            shutil.rmtree(here.tmp_dir, ignore_errors=True)
        shutil.rmtree(here.stateful_working_dir, ignore_errors=True)
        return self._put_back(output)

    def _upload(self, uri: str) -> None:
        """Uploads an output; what took hours to make is not given up at the first error."""
        for seconds in _PAUSES:
            try:
                self._artifacts.upload(uri)
                return
            except InputError as error:
                _log.warning("tried again in %d s: %s", seconds, error)
                time.sleep(seconds)
        self._artifacts.upload(uri)

    def _move_here(self, execution_info: ExecutionInfo) -> ExecutionInfo:
        """Returns what an executor is told, with places on this machine."""
        here = copy.copy(execution_info)
        here.input_dict = self._move_artifacts(execution_info.input_dict)
        here.output_dict = self._move_artifacts(execution_info.output_dict)
        here.tmp_dir = self._artifacts.to_local(execution_info.tmp_dir)
        here.stateful_working_dir = self._artifacts.to_local(execution_info.stateful_working_dir)
        here.execution_output_uri = self._artifacts.to_local(execution_info.execution_output_uri)
        outputs_utils.make_output_dirs(here.output_dict)
        for folder in (here.tmp_dir, here.stateful_working_dir):
            Path(folder).mkdir(parents=True, exist_ok=True)
        return here

    def _move_artifacts(self, artifacts: dict[str, list[Artifact]]) -> dict[str, list[Artifact]]:
        moved = copy.deepcopy(artifacts)
        for artifact in _all(moved):
            artifact.uri = self._artifacts.to_local(artifact.uri)
        return moved

    def _put_back(self, output: ExecutorOutput) -> ExecutorOutput:
        """Has all that ML Metadata will be told name the bucket."""
        for listed in output.output_artifacts.values():
            for artifact in listed.artifacts:
                artifact.uri = self._artifacts.to_address(artifact.uri)
                for value in artifact.custom_properties.values():
                    if value.HasField("string_value"):
                        value.string_value = self._artifacts.to_address(value.string_value)
        return output


class FarOperator(MirroringOperator):
    """An operator whose executor has workers that see the bucket alone, and is handed addresses."""

    def run_executor(self, execution_info: ExecutionInfo) -> ExecutorOutput:
        """Runs the executor, which reads and writes in the bucket itself.

        Raises:
          InputError: the bucket fails.
        """
        with far_filesystem():
            output = self._operator.run_executor(execution_info)
        if not output.execution_result.code:
            for artifact in _all(execution_info.output_dict):
                self._artifacts.complete(artifact.uri)
        return output


@contextmanager
def tfx_keeps(artifacts: Artifacts, far_workers: bool = False) -> Iterator[None]:
    """Has TFX keep artifacts where they are to be, inside the block.

    Args:
      artifacts: where.
      far_workers: whether Beam's workers see the bucket alone, so that what runs on Beam is handed
        addresses, not mirrors.
    """
    if artifacts.address is None:
        yield
        return
    usual = dict(launcher.DEFAULT_EXECUTOR_OPERATORS)
    for spec in (
        executable_spec_pb2.PythonClassExecutableSpec,
        executable_spec_pb2.BeamExecutableSpec,
    ):
        far = far_workers and spec is executable_spec_pb2.BeamExecutableSpec
        ours = FarOperator if far else MirroringOperator
        launcher.DEFAULT_EXECUTOR_OPERATORS[spec] = partial(ours, usual[spec], artifacts)
    try:
        with bucket_filesystem():
            yield
    finally:
        launcher.DEFAULT_EXECUTOR_OPERATORS.update(usual)


def _all(artifacts: dict[str, list[Artifact]]) -> Iterator[Artifact]:
    for some in artifacts.values():
        yield from some
