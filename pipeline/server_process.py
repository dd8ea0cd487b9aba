"""A model server as a process of this machine: before the push for its validation, and after it.

`pipeline.question` and `pipeline.infra` start their servers here; `serving.ward` sees to it that
none outlives the run.
"""

import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence

from pipeline.fingerprint import PROJECT_ROOT
from serving.ward import GRACE_SECONDS, describe_status

_LINES_KEPT = 200
_LAST_LINES = 3
_END_SECONDS = GRACE_SECONDS + 10.0  # the ward kills the server before that


class ServerProcess:
    """A running command, and what it says on standard output and standard error.

    Args:
      command: started in the project's folder; has no terminal.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._said: deque[str] = deque(maxlen=_LINES_KEPT)
        self._silent = False
        self._heard = threading.Condition()  # guards the two above
        self._process = subprocess.Popen(
            [sys.executable, "-m", "serving.ward", *command],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # A Ctrl-C in the terminal is for the starter, who then stops the server.
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def wait_for_line(self, pattern: re.Pattern[str], seconds: float) -> re.Match[str] | None:
        """Waits until a line matches; returns None when the time is over or nothing more comes."""
        with self._heard:
            self._heard.wait_for(lambda: self._silent or self._find(pattern), seconds)
            return self._find(pattern)

    def last_words(self) -> str:
        """Returns the last lines that it said, joined."""
        with self._heard:
            return " | ".join(list(self._said)[-_LAST_LINES:])

    def how_it_ended(self) -> str | None:
        """Returns as in "ended with status 1", None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        self._listener.join(_END_SECONDS)  # for its last words
        return describe_status(status)

    def stop(self) -> None:
        """Ends it and waits for that; does nothing where it has ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(_END_SECONDS)

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            with self._heard:
                self._said.append(line.rstrip())
                self._heard.notify_all()
        with self._heard:
            self._silent = True
            self._heard.notify_all()

    def _find(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return next(filter(None, map(pattern.search, self._said)), None)
