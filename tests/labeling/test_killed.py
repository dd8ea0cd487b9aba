"""The server and the commands killed with signal 9, again and again: nothing accepted is lost."""

import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from labeling.items import ACCEPTED
from labeling.store import DATABASE, Store
from tests.labeling.conftest import lines, picture
from tests.labeling.running import ROOT, Application, label_next, running, sign_in

pytestmark = pytest.mark.slow

KILLS, LINES, WRITERS = 4, 1500, 3


def label_until_killed(url: str, who: str, accepted: dict[int, str]) -> None:
    """Labels as fast as the server answers, and notes each label that it has accepted."""
    with httpx.Client(timeout=10) as client:
        try:
            token = sign_in(client, url, who)
            while True:
                text = f"{who} {time.monotonic_ns()}"
                accepted[label_next(client, url, token, text)] = text
        except httpx.TransportError:
            return


def test_no_accepted_label_is_lost_whenever_the_server_is_killed(tmp_path: Path) -> None:
    folder, rng = tmp_path / "labels", random.Random(0)
    store = Store(folder)
    store.add(lines(LINES), "test")
    store.close()
    accepted: dict[int, str] = {}
    for kill in range(KILLS):
        server = Application(folder)
        writers = [
            threading.Thread(
                target=label_until_killed, args=(server.url, f"w{number}k{kill}", accepted)
            )
            for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        before = len(accepted)
        while len(accepted) < before + 5:  # each round has labels to lose
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.5))
        server.kill()
        for writer in writers:
            writer.join()
    store = Store(folder)
    assert store.reading().execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    for line, text in accepted.items():
        assert store.item(line).text == text
        after = "SELECT COUNT(*) FROM history WHERE item = ? AND after = ?"
        assert store.reading().execute(after, (line, text)).fetchone()[0] == 1
    # At most what each writer had on its way when the server died is there without an answer.
    assert 0 <= store.counts()[ACCEPTED] - len(accepted) <= KILLS * WRITERS
    store.close()


def test_a_killed_import_leaves_whole_lines_and_can_be_done_again(tmp_path: Path) -> None:
    source, folder = tmp_path / "lines", tmp_path / "labels"
    source.mkdir()
    for number in range(600):
        (source / f"{number}.png").write_bytes(picture(number))
    command = (sys.executable, "-m", "labeling", "import", "lines", source, "--folder", folder)
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT)
    while not (folder / DATABASE).exists() or not count(folder):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    store = Store(folder)
    brought = count(folder)
    assert 0 < brought < 600
    for item in store.reading().execute("SELECT picture FROM items"):
        assert store.pictures.path(item["picture"]).is_file()
    store.close()
    said = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    assert f"added {600 - brought} lines" in said.stdout
    assert f"{brought} were known" in said.stdout


def count(folder: Path) -> int:
    store = Store(folder)
    try:
        return sum(store.counts().values())
    finally:
        store.close()


def test_half_an_upload_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    with running(folder) as server, httpx.Client(base_url=server.url) as client:
        token = sign_in(client, server.url, "ada")
        host, port = server.url.removeprefix("http://").split(":")
        [(name, cookie)] = client.cookies.items()
        head = (
            f"POST /gather/photos HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {name}={cookie}\r\n"
            f"X-CSRF-Token: {token}\r\nContent-Length: 100000\r\n\r\n"
        )
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode() + picture()[:50])
        assert client.get("/").status_code == 200  # goes on
    assert not [path for path in folder.rglob("*") if path.parent.name == "pictures"]
    assert count(folder) == 0


def test_a_stop_is_clean_and_a_taken_port_is_told(tmp_path: Path) -> None:
    server = Application(tmp_path / "labels")
    port = server.url.rpartition(":")[2]
    command = [sys.executable, "-m", "labeling", "serve", "--folder", str(tmp_path / "labels")]
    second = subprocess.run(
        [*command, "--port", port], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert second.returncode == 2
    assert second.stderr.startswith("labeling: cannot listen on 127.0.0.1")
    assert server.stop() == 0
