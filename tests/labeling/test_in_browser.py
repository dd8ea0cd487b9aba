"""Labelling by keyboard in a real browser."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labeling.items import ACCEPTED, FLAGGED, UNREADABLE, WAITING, NewItem
from labeling.store import Store
from tests.labeling.conftest import picture
from tests.labeling.keyboard import TEXT, TITLE, alt, key, sign_in, wait_for_line, write
from tests.labeling.running import Application, running
from tests.serving.try_page.browser import Tab, find_browser, open_browser

pytestmark = pytest.mark.slow

LINES = 110


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    if find_browser() is None:
        pytest.skip("no Chromium is installed")
    with open_browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labels")
    store = Store(path)
    store.add(
        (
            NewItem(
                f"line {number}",
                picture(number, 300),
                "test",
                prefill=f"text {number:03d}",
                confidence=0.8,
                character_confidences=(1.0, 0.5, 1.0, 1.0, 1.0, 1.0, 0.3, 1.0),
                model_version="lines 7",
                priority=1 - number / 1000,
            )
            for number in range(LINES)
        ),
        "test",
    )
    store.close()
    return path


@pytest.fixture(scope="module")
def application(folder: Path) -> Iterator[Application]:
    with running(folder, "--spans", str(folder / "spans")) as started:
        yield started


@pytest.fixture
def at_work(browser: Tab, application: Application) -> Tab:
    """The labelling page, with Ada before it."""
    sign_in(browser, application.url, "Ada")
    browser.open(f"{application.url}/label")
    browser.wait_for("document.activeElement?.id == 'text'")
    return browser


def statuses(folder: Path, *numbers: int) -> list[str]:
    store = Store(folder)
    try:
        return [store.item(number).status for number in numbers]
    finally:
        store.close()


def test_everything_is_done_by_keyboard(at_work: Tab, folder: Path) -> None:
    wait_for_line(at_work, "line 0")
    marks = "[...document.querySelectorAll('#reading mark')].map((m) => m.textContent).join()"
    assert at_work.run(marks) == "e,0"
    key(at_work, "Enter")
    wait_for_line(at_work, "line 1")
    write(at_work, "h\u20acllo")
    key(at_work, "Enter")
    at_work.wait_for("!document.getElementById('outside').hidden")
    assert "“€” (U+20AC)" in at_work.run("document.getElementById('outside').textContent")
    assert at_work.run(TITLE) == "line 1"
    write(at_work, "hello")
    key(at_work, "Enter")
    wait_for_line(at_work, "line 2")
    for name, next_line in (("u", "line 3"), ("f", "line 4"), ("s", "line 5")):
        alt(at_work, name)
        wait_for_line(at_work, next_line)
    assert statuses(folder, 1, 2, 3, 4, 5) == [ACCEPTED, ACCEPTED, UNREADABLE, FLAGGED, WAITING]
    for line in ("line 4", "line 3", "line 2", "line 1"):  # back, one after the other
        alt(at_work, "z")
        wait_for_line(at_work, line)
    assert at_work.run(TEXT) == "hello"
    assert statuses(folder, 1, 2, 3, 4) == [ACCEPTED, WAITING, WAITING, WAITING]


def test_the_picture_can_be_looked_at_closely(at_work: Tab) -> None:
    at_work.wait_for("document.getElementById('picture')?.naturalWidth > 0")
    style = "(({width, filter, transform}) => ({width, filter, transform}))(picture.style)"
    before = at_work.run(style)
    for name, code in (("+", "Equal"), ("c", ""), ("r", ""), ("t", "")):
        alt(at_work, name, code)
    after = at_work.run(style)
    assert float(after["width"][:-2]) == pytest.approx(1.25 * float(before["width"][:-2]), rel=0.01)
    assert "contrast(2.2)" in after["filter"]
    assert after["transform"] == "rotate(92deg)"
    name = at_work.run(TITLE)
    alt(at_work, "s")
    at_work.wait_for(f"document.readyState == 'complete' && {TITLE} != {json.dumps(name)}")
    at_work.wait_for("document.getElementById('picture').style.width != ''")
    kept = at_work.run(style)
    assert (kept["width"], kept["transform"]) == (after["width"], "rotate(0deg)")
    alt(at_work, "0", "Digit0")
    assert at_work.run(style)["filter"] == "none"


def test_the_next_doubtful_character_is_gone_to(at_work: Tab) -> None:
    write(at_work, "text 000")
    selected = "[text.selectionStart, text.selectionEnd].join()"
    at_work.run("document.getElementById('text').setSelectionRange(0, 0)")
    found = []
    for _ in range(3):
        alt(at_work, "d")
        found.append(at_work.run(selected))
    assert found == ["1,2", "6,7", "1,2"]


def test_a_hundred_lines_go_at_the_pace_of_reading(at_work: Tab, folder: Path) -> None:
    seconds = []
    store = Store(folder)
    before = store.counts().get(ACCEPTED, 0)
    for _ in range(100):
        name = at_work.run(TITLE)
        start = time.monotonic()
        key(at_work, "Enter")
        at_work.wait_for(
            f"document.readyState == 'complete' && {TITLE} != {json.dumps(name)}"
            " && document.activeElement?.id == 'text'"
            " && document.getElementById('picture').complete"
        )
        seconds.append(time.monotonic() - start)
    assert store.counts()[ACCEPTED] == before + 100
    store.close()
    # Reading a line of handwriting takes seconds: nobody waits for the page.
    assert sorted(seconds)[50] < 1.0
