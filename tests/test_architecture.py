"""The packages depend on each other one way only, and the light ones stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ORDER = ("schema", "transforms", "serving", "trainer_module", "pipeline", "labeling")


def imported_packages(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", ORDER)
def test_no_arrow_points_up(package):
    above = set(ORDER[ORDER.index(package) + 1 :])
    for path in (ROOT / package).rglob("*.py"):
        assert not above.intersection(imported_packages(path)), path


@pytest.mark.parametrize(
    "module",
    [
        "labeling.__main__",
        "labeling.app",
        "labeling.serving_command",
        "labeling.transfer_command",
        "pipeline.arguments",
        "pipeline.beam.arguments",
        "pipeline.beam.reach",
        "pipeline.beam.wheel",
        "pipeline.beam.worker_pool",
        "pipeline.command",
        "beam_runner",
        "local_runner",
        "pipeline.ingest.__main__",
        "pipeline.ingest.emnist",
        "pipeline.ingest.characters",
        "pipeline.ingest.lines",
        "pipeline.ingest.sample",
        "pipeline.ingest.page_plan",
        "pipeline.ingest.record_plan",
        "pipeline.leaderboard.__main__",
        "pipeline.models.__main__",
        "pipeline.prepare",
        "pipeline.report.render",
        "serving.ward",
        "serving.aws_lambda.function",
        "serving.aws_lambda.runtime_api",
        "serving.client",
        "serving.grpc_calls",
        "serving.grpc_stubs",
        "serving.compose_page",
        "serving.litert_read",
        "serving.litert_reader",
        "serving.monitor.__main__",
        "serving.predict.__main__",
        "serving.server.__main__",
        "trainer_module.export_litert",
        "trainer_module.sweep",
        "trainer_module.tune",
        "trainer_module.tuning.devices",
        "trainer_module.tuning.records",
    ],
)
def test_start_up_paths_import_nothing_heavy(module):
    code = (
        f"import sys, {module}; "
        "heavy = {'tensorflow', 'tfx', 'keras', 'apache_beam', 'boto3', 'google.cloud.storage'}; "
        "heavy &= set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
