"""The command `learn`: a reference of logged requests that were good.

    python -m serving.monitor learn --model VERSION LOGS... [--version N] [--to FOLDER]

Where clients send other pictures than the model was tested on, every window lies apart from the
reference that was pushed with it. Once people have seen that all is well nevertheless, they learn
another one of what came in.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from schema.errors import InputError

if TYPE_CHECKING:
    from serving.monitor.profile import WindowProfile

MOST_REQUESTS = 2_000
"""Of a reference, drawn from all."""
_ALL_TIME = 2**33
"""Seconds: one window for everything since 1970."""
_MOST_BYTES = 512 << 20


def add_learn_options(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("logs", nargs="+", type=Path, help="log files, or folders of them")
    parser.add_argument(
        "--model", type=Path, required=True, help="folder of the version that answered"
    )
    parser.add_argument(
        "--version", type=int, help="whose requests to take, where the logs have several"
    )
    parser.add_argument(
        "--to", type=Path, help="folder for the reference (default: the model's own, replaced)"
    )
    parser.add_argument("--seed", type=int, default=0, help="decides which requests are drawn")


def run_learn(arguments: argparse.Namespace) -> int:
    """Learns the reference and says what it is of; returns the exit status.

    Raises:
      InputError: the logs or the model are no such thing, or too few.
    """
    from serving.model_folder import find_model
    from serving.monitor.find_logs import find_logs
    from serving.monitor.learn import learn_from_requests
    from serving.monitor.observe_settings import ObserveSettings
    from serving.monitor.reference import FACTS_FILE, load_reference, reference_folder
    from serving.monitor.windows import observe

    model = find_model(arguments.model)
    own = reference_folder(model)
    words = load_reference(own).words if (own / FACTS_FILE).is_file() else frozenset()
    settings = ObserveSettings(
        words=words,
        span_seconds=_ALL_TIME,
        seed=arguments.seed,
        sampled=MOST_REQUESTS,
        most_bytes=_MOST_BYTES,
    )
    observed = observe(find_logs(arguments.logs), settings)
    chosen = _choose(observed.profiles, arguments.version)
    facts = {
        "requests": chosen.requests,
        "first": chosen.first.isoformat(),
        "last": chosen.last.isoformat(),
        "model": chosen.model,
        "version": chosen.version,
    }
    reference = learn_from_requests(chosen.sampled, model, facts, words)
    folder = arguments.to or own
    if folder.exists():
        load_reference(folder)  # else it is something that must not be replaced
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
        reference.save(Path(draft) / "new")
        if folder.exists():
            folder.rename(Path(draft) / "old")
        (Path(draft) / "new").rename(folder)
    sys.stdout.write(
        f"learned from {len(reference)} of {chosen.requests} requests, "
        f"{chosen.first:%Y-%m-%d %H:%M} to {chosen.last:%Y-%m-%d %H:%M} UTC: {folder}\n"
    )
    return 0


def _choose(profiles: "Sequence[WindowProfile]", version: int | None) -> "WindowProfile":
    fitting = [each for each in profiles if version is None or each.version == version]
    if len(fitting) == 1:
        return fitting[0]
    there = ", ".join(f"{each.model} {each.version} ({each.requests})" for each in profiles)
    raise InputError(
        f"expected requests of one version, got {there or 'none'}: choose one with --version N, "
        "or name other logs"
    )
