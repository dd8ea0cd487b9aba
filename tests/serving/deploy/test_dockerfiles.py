import json
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

TARGETS = ("pipeline", "worker", "server", "lambda")
CONTEXTS = ("model", "pushed")  # named ones, which the command gives
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*")

Instruction = tuple[str, str]


@pytest.fixture(scope="session")
def stages(root) -> dict[str, list[Instruction]]:
    """Returns stage -> its instructions, from FROM on."""
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    found: dict[str, list[Instruction]] = {}
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stage = found.setdefault(rest.rpartition(" AS ")[2], [])
        if word:
            stage.append((word, rest))
    return found


@pytest.fixture(params=TARGETS)
def target(request, stages) -> list[Instruction]:
    """Returns all instructions that an image is made by, those of the stages below first."""
    return below(stages, request.param)


def below(stages: dict[str, list[Instruction]], name: str) -> list[Instruction]:
    parent = stages[name][0][1].split()[0]
    return [*(below(stages, parent) if parent in stages else ()), *stages[name]]


def last(instructions: list[Instruction], wanted: str) -> str | None:
    return next((rest for word, rest in reversed(instructions) if word == wanted), None)


def test_every_image_is_pinned(stages) -> None:
    before: set[str] = set()
    for name, ((_, rest), *_) in stages.items():
        base = rest.split()[0]
        assert base in before or PINNED.fullmatch(base), rest
        before.add(name)


def test_there_is_a_target_for_each_image(stages) -> None:
    assert set(TARGETS) <= set(stages)
    assert list(stages)[-1] == "pipeline"  # what is built where no target is named


def test_what_is_copied_is_there_and_not_ignored(target, stages, root) -> None:
    kept = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for word, rest in target:
        if word != "COPY":
            continue
        *sources, _ = rest.split()
        if sources[0].startswith("--from="):
            assert sources[0].removeprefix("--from=") in (*stages, *CONTEXTS)
            continue
        for source in sources:
            assert (root / source).exists(), source
            assert f"!{source.split('/')[0]}" in kept, source


def test_images_drop_root_but_for_the_worker(stages) -> None:
    for name in TARGETS:
        user = last(below(stages, name), "USER")
        if name == "worker":  # Beam's boot program installs what is staged
            assert user is None
        else:
            assert user is not None
            assert int(user.split(":")[0]) > 0, name


def test_commands_are_lists(target) -> None:
    commands = [rest for word, rest in target if word in ("ENTRYPOINT", "CMD")]
    assert commands
    assert all(isinstance(json.loads(rest), list) for rest in commands)


def test_images_say_how_they_are(stages) -> None:
    health = {name: last(below(stages, name), "HEALTHCHECK") for name in TARGETS}
    assert "/v1/models/lines/metadata" in str(health.pop("server"))
    assert set(health.values()) == {"NONE"}  # a job, and two that their starters ask


def test_the_worker_has_the_beam_of_the_lock(stages, root) -> None:
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    locked = re.search(r"^apache-beam==(\S+) ; python_full_version < '3.11'", lock, re.MULTILINE)
    assert locked is not None
    assert stages["project"][0][1].startswith("python:3.10.")
    assert stages["beam"][0][1] == f"apache/beam_python3.10_sdk:{locked[1]} AS beam"


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("pipeline", ("local_runner.py", "--help")),
        ("worker", ("-c", "import pipeline.arguments, transforms.image, schema.features")),
        ("lambda", ("-c", "import serving.aws_lambda.events, serving.aws_lambda.function")),
    ],
)
def test_images_start_with_what_is_copied_alone(stages, root, tmp_path, name, command) -> None:
    for word, rest in below(stages, name):
        if word == "COPY" and not rest.startswith("--from="):
            *sources, place = rest.split()
            for source in sources:
                copy(root / source, tmp_path / place / (source if place == "./" else ""))
    done = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def copy(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, place)


def test_the_lambda_image_holds_no_tensorflow(root) -> None:
    lock = (root / "serving/aws_lambda/requirements.lock").read_text(encoding="utf-8")
    names = set(re.findall(r"^([a-z][\w-]*)==", lock, flags=re.MULTILINE))
    assert {"ai-edge-litert", "awslambdaric", "numpy", "pillow"} <= names
    assert not names & {"tensorflow", "keras", "scipy", "tfx"}
    assert "://" not in lock


@pytest.mark.parametrize(("answer", "healthy"), [(b'{"signature_def": {}}', True), (b"{}", False)])
def test_the_health_check_tells_a_loaded_model(stages, answer, healthy) -> None:
    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/v1/models/lines/metadata" else 404)
            self.end_headers()
            self.wfile.write(answer)

    check = str(last(stages["server"], "HEALTHCHECK"))
    *command, script = json.loads(check[check.index("CMD") + 3 :])
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        script = script.replace("8501", str(server.server_port))
        done = subprocess.run([*command, script], timeout=30, capture_output=True)
    assert (done.returncode == 0) is healthy


def test_hadolint_finds_nothing(root, run_tool) -> None:
    assert run_tool("hadolint", "--no-color", root / "Dockerfile") == ""
