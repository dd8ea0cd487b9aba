"""Weights & Biases: offline runs in a folder, or a run that is sent as it goes.

Offline, its client touches no network: `wandb sync FOLDER` sends the run whenever somebody wants
to. Its error reports to its makers are off either way. A run that cannot go online, for want of a
key, of a network or of the right key, is kept offline instead, and one line tells.
"""

import json
import netrc
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from trainer_module.history import Epoch
from trainer_module.tracking.epoch_figures import epoch_figures
from trainer_module.tracking.guarded import tell
from trainer_module.tracking.tracker import ExampleReading, TrackedRun
from trainer_module.tracking.wandb_server import find_obstacle

# The client and its service read this once, when they start.
os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
os.environ.setdefault("WANDB_SILENT", "true")

import wandb

PROJECT = "handwriting"
"""Where the environment names none with WANDB_PROJECT."""

ONLINE_SECONDS = 20
"""How long the beginning of an online run may take."""

_PATIENCE: dict[str, Any] = {
    f"x_{channel}_{limit}": value
    for channel, retries in (("graphql", 2), ("file_stream", 5), ("file_transfer", 2))
    for limit, value in (
        ("retry_max", retries),
        ("retry_wait_max_seconds", 4.0),
        ("timeout_seconds", 10.0),
    )
}
"""How long a server that went away is waited for: the client's own patience, of many minutes,
would hold back the end of the training. What was not sent lies in the run's folder."""

_STATS_SECONDS = 15.0
_TAG_LENGTH, _NAME_LENGTH = 64, 128  # the most that Weights & Biases takes
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


class WandbTracker:
    """Keeps a training as a run of Weights & Biases.

    Args:
      folder: gets `wandb/`, with a folder for each run.
      online: whether runs are sent as they go.

    Raises:
      OSError: the folder cannot be written; the client would go to /tmp instead.
    """

    def __init__(self, folder: Path, online: bool = False) -> None:
        self._folder, self._online = folder, online
        _try_to_write(folder)
        # Copies of artifacts that wait to be sent, and logs: else below the home folder.
        os.environ.setdefault("WANDB_DATA_DIR", str(folder))
        os.environ.setdefault("WANDB_CACHE_DIR", str(folder / "wandb-cache"))

    def start(self, run: TrackedRun) -> None:
        """Begins a run."""
        self._tracked = run
        self._run = self._begin_online(run) if self._online else self._begin(run, "offline")
        self._run.define_metric("*", step_metric="epoch")
        data = wandb.Artifact(_artifact_name("data", run.name), "dataset", metadata=dict(run.data))
        with data.new_file("data.json") as file:
            file.write(_as_json(run.data))
        self._run.log_artifact(data)

    def epoch(self, epoch: Epoch, readings: Sequence[ExampleReading]) -> None:
        """Logs curves and pictures."""
        logged: dict[str, Any] = epoch_figures(epoch, self._tracked.error_name)
        if readings:
            logged["readings"] = [
                wandb.Image(each.picture, caption=f"{each.truth} -> {each.reading}")
                for each in readings
            ]
        self._run.log({"epoch": epoch.number, **logged})

    def model(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Adds the model as an artifact, and what it costs to the summary."""
        for name, value in facts.items():
            if isinstance(value, (int, float)):
                self._run.summary[name] = value
        model = wandb.Artifact(
            _artifact_name("model", self._tracked.name), "model", metadata=dict(facts)
        )
        for path in sorted(folder.rglob("*")):
            if path.is_file():  # one by one: `add_dir` prints
                model.add_file(str(path), name=path.relative_to(folder).as_posix())
        self._run.log_artifact(model)

    def end(self, failed: bool = False) -> None:
        """Ends the run."""
        self._run.finish(exit_code=1 if failed else 0)

    def _begin_online(self, run: TrackedRun) -> Any:
        obstacle = _find_obstacle()
        if obstacle is None:
            try:
                return self._begin(run, "online")
            except (wandb.Error, OSError, ValueError) as error:
                obstacle = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        tell(
            f"Weights & Biases is offline ({obstacle}); the run is kept in "
            f"{self._folder / 'wandb'}, and `wandb sync` sends it later"
        )
        return self._begin(run, "offline")

    def _begin(self, run: TrackedRun, mode: str) -> Any:
        return wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=run.name[:_NAME_LENGTH],
            group=run.group[:_NAME_LENGTH] or None,
            tags=[tag[:_TAG_LENGTH] for tag in run.tags],
            config=dict(run.config),
            dir=str(self._folder),
            reinit="create_new",
            settings=_make_settings(mode),
        )


def _make_settings(mode: str) -> wandb.Settings:
    """Returns settings under which nothing is told of the machine but how busy it is."""
    return wandb.Settings(
        mode=mode,
        console="off",
        silent=True,
        disable_code=True,
        disable_git=True,
        save_code=False,
        init_timeout=ONLINE_SECONDS,
        login_timeout=ONLINE_SECONDS,
        x_disable_meta=True,
        **_PATIENCE,
        x_save_requirements=False,
        x_stats_sampling_interval=_STATS_SECONDS,
    )


def _find_obstacle() -> str | None:
    """Returns what keeps a run from going online; the client would ask for a key on a terminal."""
    base_url = os.environ.get("WANDB_BASE_URL") or wandb.Settings().base_url
    key = os.environ.get("WANDB_API_KEY") or _stored_key(base_url)
    if not key:
        return "there is no key: set WANDB_API_KEY, or run `wandb login`"
    return find_obstacle(base_url, key)


def _stored_key(base_url: str) -> str | None:
    """Returns the key that `wandb login` keeps in the user's .netrc."""
    try:
        found = netrc.netrc().authenticators(urlsplit(base_url).hostname or "")
    except (OSError, netrc.NetrcParseError):  # no file, or none that the client could read either
        return None
    return found[2] if found else None


def _try_to_write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".probe"
    try:
        probe.write_bytes(b"tracking")
    finally:
        probe.unlink(missing_ok=True)


def _artifact_name(kind: str, run: str) -> str:
    return _NOT_IN_NAMES.sub("-", f"{kind}-{run}")[:_NAME_LENGTH]


def _as_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str)
