import pytest

from pipeline.report.render import render
from tests.pipeline.report.pages import FULL


@pytest.fixture(scope="session")
def full() -> str:
    return render(FULL)
