import json
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

FILES = (
    "serving/aws_lambda/Dockerfile",
    "serving/deploy/pipeline.Dockerfile",
    "serving/deploy/server.Dockerfile",
)
CONTEXTS = ("model", "pushed")  # named ones, which the command gives
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*")


def instructions(path: Path) -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines) if word]


@pytest.fixture(params=FILES)
def dockerfile(request, root) -> Path:
    return root / request.param


def test_every_image_is_pinned(dockerfile) -> None:
    for word, rest in instructions(dockerfile):
        if word == "FROM":
            assert PINNED.fullmatch(rest.split()[0]), rest


def test_what_is_copied_is_there_and_not_ignored(dockerfile, root) -> None:
    kept = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    stages = [rest.split()[-1] for word, rest in instructions(dockerfile) if word == "FROM"]
    for word, rest in instructions(dockerfile):
        if word != "COPY":
            continue
        *sources, _ = rest.split()
        if sources[0].startswith("--from="):
            assert sources[0].removeprefix("--from=") in (*stages, *CONTEXTS)
            continue
        for source in sources:
            assert (root / source).exists(), source
            assert f"!{source.split('/')[0]}" in kept, source


def test_the_last_stage_drops_root(dockerfile) -> None:
    words = instructions(dockerfile)
    last = max(number for number, (word, _) in enumerate(words) if word == "FROM")
    (user,) = [rest for word, rest in words[last:] if word == "USER"]
    assert int(user.split(":")[0]) > 0


def test_commands_are_lists(dockerfile) -> None:
    commands = [rest for word, rest in instructions(dockerfile) if word in ("ENTRYPOINT", "CMD")]
    assert commands
    assert all(isinstance(json.loads(rest), list) for rest in commands)


def test_servers_say_how_they_are(root) -> None:
    health = {
        name: rest
        for name in FILES
        for word, rest in instructions(root / name)
        if word == "HEALTHCHECK"
    }
    assert "/v1/models/lines/metadata" in health["serving/deploy/server.Dockerfile"]
    assert health["serving/deploy/pipeline.Dockerfile"] == "NONE"
    assert "serving/aws_lambda/Dockerfile" not in health  # Lambda asks the runtime


def test_the_lambda_image_holds_no_tensorflow(root) -> None:
    lock = (root / "serving/aws_lambda/requirements.lock").read_text(encoding="utf-8")
    names = set(re.findall(r"^([a-z][\w-]*)==", lock, flags=re.MULTILINE))
    assert {"ai-edge-litert", "awslambdaric", "numpy", "pillow"} <= names
    assert not names & {"tensorflow", "keras", "scipy", "tfx"}
    assert "://" not in lock


@pytest.mark.parametrize(("answer", "healthy"), [(b'{"signature_def": {}}', True), (b"{}", False)])
def test_the_health_check_tells_a_loaded_model(root, answer, healthy) -> None:
    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/v1/models/lines/metadata" else 404)
            self.end_headers()
            self.wfile.write(answer)

    (check,) = [
        rest
        for word, rest in instructions(root / "serving/deploy/server.Dockerfile")
        if word == "HEALTHCHECK"
    ]
    *command, script = json.loads(check[check.index("CMD") + 3 :])
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        script = script.replace("8501", str(server.server_port))
        done = subprocess.run([*command, script], timeout=30, capture_output=True)
    assert (done.returncode == 0) is healthy


def test_hadolint_finds_nothing(dockerfile, run_tool) -> None:
    assert run_tool("hadolint", "--no-color", dockerfile) == ""
