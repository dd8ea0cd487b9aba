import json
import subprocess
import sys

import pytest

from serving.server.standby import wait_for_flags
from serving.whole_file import write_whole


def test_flags_are_those_of_the_file(tmp_path):
    path = write_whole(tmp_path / "flags.json", json.dumps(["--model_name=ä", "--port=0"]).encode())
    assert wait_for_flags(path) == ["--model_name=ä", "--port=0"]


@pytest.mark.slow
def test_wrong_flags_end_it_as_they_end_a_server(tmp_path):
    path = write_whole(
        tmp_path / "flags.json", json.dumps(["--model_base_path=x", "--no"]).encode()
    )
    command = [sys.executable, "-m", "serving.server.standby", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "--no" in done.stderr
