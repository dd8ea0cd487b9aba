"""The application as people run it: a process with a port, and a browser without scripts."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]


class Application:
    """`python -m labeling serve`.

    Args:
      folder: of the store.
      options: further ones.
      port: 0 for a free one.
    """

    def __init__(self, folder: Path, *options: str, port: int = 0) -> None:
        command = (sys.executable, "-m", "labeling", "serve", "--folder", str(folder))
        self.process = subprocess.Popen(
            [*command, "--port", str(port), *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said.startswith("labelling at http"), said
        self.url = said.split()[-1].rstrip("/")

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As Ctrl-C or an orchestrator would; returns the exit status."""
        self.process.terminate()
        return self.process.wait(30)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Application]:
    application = Application(folder, *options)
    try:
        yield application
    finally:
        application.kill()


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf-token" content="(\w+)"', page)
    assert found is not None, page
    return found[1]


def sign_in(client: httpx.Client, url: str, who: str) -> str:
    """Gives the name and returns the CSRF token of the session."""
    token = csrf_of(client.get(url).text)
    assert client.post(f"{url}/who", data={"csrf": token, "who": who}).status_code == 303
    return token


def label_next(client: httpx.Client, url: str, token: str, text: str) -> int:
    """Labels the line that the page shows; returns its id once the server has accepted it."""
    page = client.get(f"{url}/label").text
    told = dict(re.findall(r'name="(line|revision)" value="(\d+)"', page))
    fields = {"csrf": token, "action": "save", "text": text, **told}
    answer = client.post(f"{url}/label", data=fields)
    assert answer.status_code == 303, answer.text
    return int(told["line"])
