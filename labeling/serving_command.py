"""The command `serve`: opens the store, listens, and serves until it is told to stop."""

import argparse
import os
import secrets
import signal
import sys
import threading
from pathlib import Path
from urllib.parse import quote

from labeling.app import build_app
from labeling.settings import Settings
from labeling.store import Store
from labeling.texts import load_alphabet
from schema.errors import InputError
from serving.server.http_server import HttpOptions, listen, start

_GRACE_SECONDS = 5.0


def serve(arguments: argparse.Namespace) -> int:
    """Serves until SIGINT or SIGTERM; returns the exit status.

    Raises:
      InputError: the settings, the folder or the address cannot be used.
    """
    settings = Settings(
        spans=arguments.spans or arguments.folder / "spans",
        host=arguments.host,
        token=_token(arguments.token_file),
        alphabet=load_alphabet(arguments.alphabet),
        server=arguments.server,
        model=arguments.model,
        page_model=arguments.page_model,
        workspace=arguments.workspace,
        prompts=arguments.prompts,
        consent=arguments.consent,
    )
    store = Store(arguments.folder)
    listener = listen(settings.host, arguments.port, "labelling", "--port or --host")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    app = build_app(store, settings)
    reader = app.state.desk.reader
    ask_to_stop, wait = start(app, listener, HttpOptions(grace_seconds=_GRACE_SECONDS))
    if reader is not None:
        reader.start()
    port = listener.getsockname()[1]
    sys.stdout.write(f"labelling at {_address(settings, port)}\n")
    sys.stdout.flush()
    stopped.wait()
    ask_to_stop()
    wait()
    if reader is not None:
        reader.stop()
    store.close()
    return 0


def _address(settings: Settings, port: int) -> str:
    """Returns what to open in a browser."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    token = f"?token={quote(settings.token)}" if settings.token else ""
    return f"http://{host}:{port}/{token}"


def _token(path: Path | None) -> str:
    """Returns the token of a file; a file that is missing is made, for its owner's eyes only."""
    if path is None:
        return ""
    try:
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(24) + "\n")
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected a file with a token, got {error} at {path}: give another"
        ) from None
    if not token:
        raise InputError(f"expected a token, got an empty file at {path}: remove it for a new one")
    return token
