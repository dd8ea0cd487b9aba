"""The endpoint that the distributed tests share: its processes take seconds to start."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.pipeline.beam.machines import HERE, Machine, NoMachinesError, run_machines
from tests.pipeline.buckets.gcs_server import run_google
from tests.pipeline.buckets.stores import BUCKET


@pytest.fixture(scope="session")
def machines() -> list[Machine] | NoMachinesError:
    """The job service's and one for each pool; or why there can be none."""
    with ExitStack() as stack:
        try:
            made = stack.enter_context(run_machines(["jobs", "pool-0", "pool-1"]))
        except NoMachinesError as error:
            made = error
        yield made


@pytest.fixture
def apart(machines) -> list[Machine]:
    """Of tests that need machines of their own."""
    if isinstance(machines, NoMachinesError):
        pytest.skip(f"no machines of their own here: {machines}")
    return machines


@pytest.fixture(scope="session")
def endpoint(machines, tmp_path_factory):
    """On machines of their own where there can be some, else as processes side by side."""
    # Here, for it imports Beam, which the fast tests do without.
    from tests.pipeline.beam.endpoint import Endpoint

    beside = [HERE] * 3
    places = beside if isinstance(machines, NoMachinesError) else machines
    started = Endpoint(tmp_path_factory.mktemp("endpoint"), machines=places)
    yield started
    started.close()


@pytest.fixture(scope="module")
def google():
    """A server with one bucket, which this process takes for Google's hosts meanwhile."""
    with (
        tempfile.TemporaryDirectory() as folder,  # workers see no other of the tests'
        run_google(Path(folder)) as started,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in started.environment.items():
            patch.setenv(name, value)
        # Beam looks for credentials once in a process, and an earlier test may have had none.
        patch.setattr("apache_beam.internal.gcp.auth._Credentials._credentials_init", False)
        patch.setattr("apache_beam.internal.gcp.auth._Credentials._credentials", None)
        started.control(buckets=[BUCKET], wants_token=True)
        yield started
