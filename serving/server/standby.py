"""A model server that has done its imports before it is known what it serves.

`python -m serving.server.standby FILE` imports what `python -m serving.server` does, then waits for
FILE, a JSON list of flags, and goes on as that command with these flags. What starts servers for a
moment (`pipeline.standby`) spares them seconds so. Nothing else is done ahead: no model is loaded,
and TensorFlow has set up nothing but its modules.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path

from serving.server.__main__ import leave_out_keras, main

_POLL_SECONDS = 0.02


def wait_for_flags(path: Path) -> list[str]:
    """Returns the flags once the file is there; it is written whole, never in pieces."""
    while not path.exists():
        time.sleep(_POLL_SECONDS)
    return [str(flag) for flag in json.loads(path.read_text(encoding="utf-8"))]


def serve_when_told(path: Path) -> int:
    """Imports, waits and serves; returns the exit status."""
    leave_out_keras()
    # What a server imports while its ports are open already.
    from serving.server.model_server import import_for_requests

    import_for_requests()
    return main(wait_for_flags(path))


if __name__ == "__main__":
    status = serve_when_told(Path(sys.argv[1]))
    logging.shutdown()
    # As in `serving.server.__main__`.
    os._exit(status)
