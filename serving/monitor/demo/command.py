"""`python -m serving.monitor demo`: from the first clean request to the alert, in a minute or two.

Serves a pushed model with its request log on, sends clean pictures and checks, sends spoiled ones
and checks again. Nothing is mocked: server, log, checks, webhook and report are those of
production, only the windows are short.
"""

import argparse
import logging
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tqdm import tqdm

from schema.errors import InputError
from serving.client.rest import RestConnection
from serving.monitor.alerts.teller import Alerting
from serving.monitor.alerts.webhook import Webhook
from serving.monitor.arguments import REPORT_FILE, STATE_FILE
from serving.monitor.check_command import Monitor
from serving.monitor.demo.pictures import DRIFTS, read_pictures
from serving.monitor.demo.receiver import Receiver, receiving
from serving.monitor.outcome import DRIFT, FINE
from serving.monitor.reference import FACTS_FILE, reference_folder
from serving.monitor.settings import CheckSettings
from serving.monitor.turn import TurnSettings

NAME = "lines"
"""Under which the model is served."""

MARK_FILE = "demo.txt"
"""In the output folder: what is there was made by a demo, and the next one may replace it."""

_AT_ONCE = 8
"""Pictures in a request."""

_SECONDS = 60.0
"""For a version to load, and for each answer."""


@dataclass(frozen=True)
class Scene:
    """What the demo works with.

    Args:
      model: the pushed model's folder, with the versions in it.
      version: its newest version.
      clean: pictures to send.
      drift: a key of `DRIFTS`.
      output: for the logs, the state and the report.
      span: of a window.
    """

    model: Path
    version: Path
    clean: Sequence[bytes]
    drift: str
    output: Path
    span: timedelta


def add_demo_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `demo`."""
    add = parser.add_argument
    add("--model", type=Path, metavar="FOLDER", help="a pushed line model; by default the newest")
    add(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="of clean lines, PNG or JPEG; by default the test lines of the model's run",
    )
    add(
        "--workspace",
        type=Path,
        default=Path("workspace"),
        metavar="FOLDER",
        help="where the pipeline ran (%(default)s)",
    )
    add("--drift", choices=list(DRIFTS), default="rotated", help="(%(default)s)")
    add(
        "--requests", type=int, default=200, metavar="N", help="pictures of each kind (%(default)s)"
    )
    add("--window", type=int, default=30, metavar="SECONDS", help="a window's length (%(default)s)")
    add(
        "--output",
        type=Path,
        default=Path("monitor-demo"),
        metavar="FOLDER",
        help="for logs, state and report (%(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the demo; returns 0 where the alert arrived and came of the drift alone.

    Raises:
      InputError: there is no model or there are no pictures, or the output folder is another's.
    """
    scene = _set_the_scene(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    with receiving() as receiver:
        monitor = _monitor(scene, receiver)
        return _play(scene, monitor, receiver)


def _play(scene: Scene, monitor: Monitor, receiver: Receiver) -> int:
    from serving.server.model_config import LogSettings, ModelSettings
    from serving.server.model_server import Server

    what, spoil = DRIFTS[scene.drift]
    log = LogSettings(str(scene.output / "logs" / NAME), 1.0)
    with Server([ModelSettings(NAME, scene.model, log=log)]) as server:
        server.wait_until_available(_SECONDS)
        _tell(f"serving {scene.model} at {server.rest_url}, webhook at {receiver.url}")
        _tell(f"sending {len(scene.clean)} clean pictures")
        _send(server.rest_url, scene.clean, scene.span)
        before = monitor.turn()
        _tell(f"sending the same pictures {what}")
        _send(server.rest_url, [spoil(picture) for picture in scene.clean], scene.span)
        after = monitor.turn()
    message = receiver.wait(1.0)
    _tell(f"report: {(scene.output / REPORT_FILE).resolve()}")
    if message is not None:
        _tell(f"the webhook was told: {message['title']}")
        _tell(f"  {message['summary']}")
    if (before, after) == (FINE, DRIFT) and message is not None:
        return FINE
    told = "an alert" if message is not None else "no alert"
    raise InputError(
        f"expected clean pictures to be fine ({FINE}) and spoiled ones an alert ({DRIFT}), "
        f"got {before} and {after}, and {told}: the report says why"
    )


def _monitor(scene: Scene, receiver: Receiver) -> Monitor:
    reference = None
    if not (reference_folder(scene.version) / FACTS_FILE).is_file():
        reference = _learn(scene)
    settings = TurnSettings(
        logs=(scene.output / "logs",),
        model=scene.model,
        reference=reference,
        span=scene.span,
        checks=CheckSettings(),
    )
    alerting = Alerting([Webhook(receiver.url)], scene.output / STATE_FILE)
    return Monitor(settings, alerting, scene.output)


def _learn(scene: Scene) -> Path:
    """Learns a reference for a model that was pushed without one."""
    from serving.monitor.learn import Clean, learn_from_pictures

    _tell(f"version {scene.version.name} has no reference: learning one of its clean pictures")
    folder = scene.output / "reference"
    facts = {"model": scene.model.name, "version": int(scene.version.name)}
    learn_from_pictures(scene.version, Clean(scene.clean, facts=facts)).save(folder)
    return folder


def _send(url: str | None, pictures: Sequence[bytes], span: timedelta) -> None:
    """Sends pictures in a window of their own, and waits until their log is written."""
    seconds = span.total_seconds()
    time.sleep(seconds - time.time() % seconds)
    with (
        RestConnection(str(url), _SECONDS) as connection,
        tqdm(total=len(pictures), unit="picture", leave=False, disable=None) as bar,
    ):
        for start in range(0, len(pictures), _AT_ONCE):
            some = pictures[start : start + _AT_ONCE]
            connection.predict(NAME, some)
            bar.update(len(some))
    time.sleep(1.0)  # the log is written beside the answers


def _set_the_scene(arguments: argparse.Namespace) -> Scene:
    if arguments.requests < 2 * CheckSettings().least_requests:
        raise InputError(
            f"expected --requests from {2 * CheckSettings().least_requests} on, got "
            f"{arguments.requests}: fewer may be too few to judge a window by"
        )
    if arguments.window < 1:
        raise InputError(f"expected --window of a second or more, got {arguments.window}")
    model = arguments.model or _newest_model(arguments.workspace)
    version = _newest_version(model)
    pictures = arguments.pictures
    folders = [pictures] if pictures else _test_lines(arguments.workspace, model.name)
    clean = read_pictures(folders, arguments.requests)
    clean = [clean[place % len(clean)] for place in range(arguments.requests)]
    _prepare(arguments.output)
    span = timedelta(seconds=arguments.window)
    return Scene(model, version, clean, arguments.drift, arguments.output, span)


def _prepare(output: Path) -> None:
    """Makes the output folder anew; one that no demo made is left alone."""
    ours = (output / MARK_FILE).is_file()
    if output.exists() and not ours and (not output.is_dir() or any(output.iterdir())):
        raise InputError(
            f"expected an empty folder or one of an earlier demo, got {output}: "
            "name another with --output"
        )
    shutil.rmtree(output, ignore_errors=True)
    try:
        output.mkdir(parents=True)
        (output / MARK_FILE).write_text("Made by the monitor's demo, which may replace it.\n")
    except OSError as error:
        raise InputError(
            f"expected a folder to write to, got {output} ({error.strerror}): name another with "
            "--output"
        ) from None


def _newest_model(workspace: Path) -> Path:
    pushed = [path for path in (workspace / "pushed").glob("*lines") if _versions(path)]
    if not pushed:
        raise InputError(
            f"expected a pushed line model in {workspace / 'pushed'}, got none: run the pipeline "
            "first (make run), or name one with --model"
        )
    return max(pushed, key=lambda path: max(map(_modified, _versions(path))))


def _newest_version(model: Path) -> Path:
    versions = _versions(model)
    if not versions:
        raise InputError(
            f"expected a pushed model, a folder with numbered versions, got {model}: "
            "correct --model"
        )
    return max(versions, key=lambda path: int(path.name))


def _versions(model: Path) -> list[Path]:
    if not model.is_dir():
        return []
    return [
        path
        for path in model.iterdir()
        if path.name.isascii() and path.name.isdigit() and (path / "saved_model.pb").is_file()
    ]


def _test_lines(workspace: Path, name: str) -> list[Path]:
    """Returns the newest folders of a pipeline's test lines, those as ingested first.

    The reference of a pushed model is learned of the same ones (`pipeline.monitor_reference`).
    """
    artifacts = workspace / "artifacts" / name
    found = []
    for stage in ("*ExampleGen", "Transform"):
        folders = artifacts.glob(f"{stage}/*examples/*/Split-test")
        found += sorted(folders, key=_modified, reverse=True)[:1]
    if not found:
        raise InputError(
            f"expected the test lines of {name}'s run in {workspace}, got none: name a folder of "
            "pictures with --pictures"
        )
    return found


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def _tell(line: str) -> None:
    tqdm.write(line, file=sys.stdout)
