import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from serving.client import ServingError, ask_grpc, ask_rest
from serving.server.model_server import ModelServer

COMMAND = [sys.executable, "-m", "serving.server"]
ADDRESS = re.compile(r"serving model lines: grpc=(\S+) rest=(\S+)\n")


def read_addresses(process: subprocess.Popen) -> tuple[str, str]:
    for line in process.stderr:
        if match := ADDRESS.fullmatch(line):
            return match[1], match[2]
    raise AssertionError(f"the server ended with {process.wait()} before it served")


def test_serves_as_a_process_until_sigterm(base_path: Path) -> None:
    flags = ["--port=ephemeral", "--rest_api_port", "ephemeral", "--model_name=lines"]
    process = subprocess.Popen(
        [*COMMAND, *flags, "--model_base_path", str(base_path)], stderr=subprocess.PIPE, text=True
    )
    try:
        address, url = read_addresses(process)
        deadline = time.monotonic() + 120  # TensorFlow's import, on a machine that may be busy
        while True:  # the ports are open before the model is loaded
            try:
                readings = ask_rest(url, "lines", [b"abc"], 10)
                break
            except ServingError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert readings == ask_grpc(address, "lines", [b"abc"], 10)
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in rest


def test_serves_what_keras_made_without_keras(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input([3], name="x")
    model = keras.Model(inputs, keras.layers.Dense(2, kernel_initializer="ones")(inputs))
    model.export(str(tmp_path), verbose=False)
    script = """
import runpy, sys
from pathlib import Path
import numpy as np
folder, sys.argv[1:] = Path(sys.argv[1]), ["--help"]
try:
    runpy.run_module("serving.server", run_name="__main__")
except SystemExit:
    from serving.server.servable import Servable
    from serving.server.tflite_servable import TfliteServable
    servable = Servable(folder)
    asked = dict.fromkeys(servable.input_dtypes(), np.array([[1, 2, 3]], "f4"))
    print([value.tolist() for value in servable.predict("", asked).values()])
    sys.exit(any(name.startswith("keras.") for name in sys.modules))
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.endswith("\n[[[6.0, 6.0]]]\n"), done.stderr
    assert done.returncode == 0


def test_help_answers_without_tensorflow() -> None:
    script = """
import runpy, sys
sys.argv = ["serving.server", "--help"]
try:
    runpy.run_module("serving.server", run_name="__main__")
except SystemExit as end:
    sys.exit(end.code or "tensorflow" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0
    assert "--rest_api_port" in done.stdout


def test_a_protocol_can_be_disabled(base_path: Path) -> None:
    with ModelServer("lines", base_path, rest_port=0) as server:
        assert server.rest_url is None
        assert server.grpc_address.startswith("127.0.0.1:")


def test_waiting_for_a_model_that_is_not_there_says_why(tmp_path: Path) -> None:
    with (
        ModelServer("lines", tmp_path, grpc_port=0) as server,
        pytest.raises(TimeoutError, match=r"no version folder has saved_model\.pb"),
    ):
        server.wait_until_available(0.01)
    with pytest.raises(RuntimeError, match="not started"):
        ModelServer("lines", tmp_path).wait_until_available(0)
