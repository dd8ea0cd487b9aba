import re
import sys

import pytest

from pipeline.question import serve


def test_a_server_that_does_not_start_says_why(tmp_path, monkeypatch):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no memory >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with (
        pytest.raises(RuntimeError, match="the model server did not start: no memory"),
        serve("lines", tmp_path) as find_address,
    ):
        find_address()


def test_the_server_says_where_it_answers_and_ends_with_the_block(tmp_path):
    with serve("lines", tmp_path) as find_address:
        address = find_address()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address.rest_url)
        assert re.fullmatch(r"127\.0\.0\.1:\d+", address.grpc_address)
