import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.aws_lambda.line_model import RESERVE_SECONDS

TEMPLATE = Path(__file__).resolve().parents[3] / "serving/aws_lambda/template.yaml"


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short functions as their arguments."""


Loader.add_multi_constructor("!", lambda loader, _, node: loader.construct_scalar(node))


@pytest.fixture
def template() -> Any:
    return yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader)


def test_the_function_is_the_image_and_bounded(template) -> None:
    function = template["Resources"]["Lines"]["Properties"]
    assert function["PackageType"] == "Image"
    assert function["ImageUri"] in template["Parameters"]
    assert RESERVE_SECONDS < function["Timeout"] < 30  # an HTTP API waits no longer
    assert 128 <= function["MemorySize"] <= 10_240
    assert function["ReservedConcurrentExecutions"] in template["Parameters"]


def test_nobody_gets_in_without_a_signature(template) -> None:
    resources = template["Resources"]
    assert resources["Lines"]["Properties"]["FunctionUrlConfig"]["AuthType"] == "AWS_IAM"
    assert resources["Api"]["Properties"]["Auth"]["DefaultAuthorizer"] == "AWS_IAM"


def test_what_is_referred_to_is_there(template) -> None:
    resources = template["Resources"]
    assert resources["Lines"]["Properties"]["Events"]["Api"]["Properties"]["ApiId"] in resources
    assert resources["Lines"]["Properties"]["LoggingConfig"]["LogGroup"] in resources
    assert resources["Faults"]["Properties"]["Dimensions"][0]["Value"] in resources


@pytest.mark.slow
def test_cfn_lint_finds_nothing() -> None:
    tool = shutil.which("cfn-lint")
    if tool is None:
        pytest.skip("cfn-lint is not installed")
    done = subprocess.run([tool, str(TEMPLATE)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
