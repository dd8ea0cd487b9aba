"""Drives a headless Chromium by the DevTools protocol over a pair of pipes: no package, no port."""

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
COMMANDS_FD, EVENTS_FD = 3, 4  # where --remote-debugging-pipe reads and writes
PATIENCE = 30.0  # seconds


def find_browser() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One page of a browser."""

    def __init__(self, commands: int, events: int) -> None:
        self._commands, self._events = commands, events
        self._received = bytearray()
        self._numbers = itertools.count(1)
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.enable")

    def call(self, method: str, **params: Any) -> Any:
        """Calls a method of the protocol and returns its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def run(self, script: str) -> Any:
        """Returns the value of an expression, awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", answer))
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> Any:
        """Waits until an expression is true and returns its value."""
        deadline = time.monotonic() + PATIENCE
        while not (value := self._run_over_pages(condition)):
            if time.monotonic() > deadline:
                shown = self.run("document.body.innerText")
                raise TimeoutError(f"{condition} did not come; the page shows: {shown}")
            time.sleep(0.02)
        return value

    def _run_over_pages(self, script: str) -> Any:
        """Returns the value of an expression; None while one page gives way to another."""
        try:
            return self.run(script)
        except RuntimeError as error:
            if "navigated" not in str(error):
                raise
            return None

    def open(self, url: str, width: int = 1000, height: int = 900) -> None:
        """Opens an address in a window of a size, and waits until the page has looked around."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.call("Page.navigate", url=url)
        self.wait_for(f"document.readyState == 'complete' && location.href == {json.dumps(url)}")

    def choose_file(self, selector: str, path: Path) -> None:
        """Chooses a file in an input."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def press(self, key: str) -> None:
        """Presses and releases a key."""
        code = {"Tab": 9, "Enter": 13, " ": 32}[key]
        text = {"Enter": "\r", " ": " "}.get(key, "")
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                text=text if kind == "keyDown" else "",
            )

    def drag(self, *points: tuple[float, float]) -> None:
        """Draws with the mouse, in pixels of the window."""
        kinds = ["mousePressed", *["mouseMoved"] * (len(points) - 1), "mouseReleased"]
        for kind, (x, y) in zip(kinds, (*points, points[-1]), strict=True):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x,
                y=y,
                button="left",
                buttons=0 if kind == "mouseReleased" else 1,
                clickCount=1,
            )

    def screenshot(self, path: Path) -> None:
        """Writes what the whole page looks like."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _next(self) -> dict[str, Any]:
        """Returns the next message, an answer or an event."""
        while b"\0" not in self._received:
            if not select.select([self._events], [], [], PATIENCE)[0]:
                raise TimeoutError(f"the browser has said nothing for {PATIENCE:g} s")
            if not (more := os.read(self._events, 1 << 16)):
                raise EOFError("the browser has ended")
            self._received += more
        message, _, self._received = self._received.partition(b"\0")
        parsed: dict[str, Any] = json.loads(message)
        return parsed


@contextmanager
def open_browser(profile: Path) -> Iterator[Tab]:
    """Runs a browser while the block lasts."""
    browser = find_browser()
    assert browser is not None
    ours, theirs = os.pipe(), os.pipe()
    # Out of the way of the numbers that they are to get.
    inherited = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (ours[0], theirs[1])]

    def place() -> None:
        os.dup2(inherited[0], COMMANDS_FD)
        os.dup2(inherited[1], EVENTS_FD)

    process = subprocess.Popen(
        [
            browser,
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--no-first-run", "--disable-extensions", "--disable-background-networking"),
            *("--remote-debugging-pipe", f"--user-data-dir={profile}"),
        ],
        preexec_fn=place,
        pass_fds=(COMMANDS_FD, EVENTS_FD),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for fd in (ours[0], theirs[1], *inherited):
        os.close(fd)
    try:
        yield Tab(ours[1], theirs[0])
    finally:
        os.close(ours[1])  # a browser without its pipe ends by itself
        os.close(theirs[0])
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
