"""The endpoint that the distributed tests share: its processes take seconds to start."""

import pytest


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    # Here, for it imports Beam, which the fast tests do without.
    from tests.pipeline.beam.endpoint import Endpoint

    started = Endpoint(tmp_path_factory.mktemp("endpoint"))
    yield started
    started.close()
