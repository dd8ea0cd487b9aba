"""Somebody marks the lines of a page in a browser."""

import pytest

from labeling.app import build_app
from labeling.items import WAITING
from labeling.page_lines.records import PageRecords
from serving.server.http_server import HttpOptions, listen, start
from tests.labeling.page_lines.test_routes import SIZE, page_picture
from tests.serving.try_page.browser import find_browser, open_browser

pytestmark = [
    pytest.mark.skipif(find_browser() is None, reason="needs Chromium"),
    pytest.mark.slow,
]

RECTS = (
    "[...document.querySelectorAll('#boxes rect')].map("
    "(rect) => ['x', 'y', 'width', 'height'].map((side) => Number(rect.getAttribute(side))))"
)
CODES = {"ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, "Delete": 46}
ALT, CONTROL, SHIFT = 1, 2, 8


@pytest.fixture
def tab(tmp_path, store, settings):
    listener = listen("127.0.0.1", 0, "labelling", "--port")
    ask_to_stop, wait = start(build_app(store, settings), listener, HttpOptions(grace_seconds=1))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    file = tmp_path / "leaf <b>.png"
    file.write_bytes(page_picture())
    with open_browser(tmp_path / "profile") as tab:
        tab.open(f"{address}/pages")
        tab.choose_file("#page", file)
        tab.wait_for("document.getElementById('status')?.textContent == '0 lines'")
        yield tab
    ask_to_stop()
    wait()


def at(tab, *points):
    """Returns places of the page as places of the window."""
    shown = "document.getElementById('boxes').getBoundingClientRect()"
    left, top, width = tab.run(f"(({{x, y, width}}) => [x, y, width])({shown})")
    scale = width / SIZE[0]
    return [(left + x * scale, top + y * scale) for x, y in points]


def draw(tab, *points):
    tab.drag(*at(tab, *points))


def key(tab, name, modifiers=0):
    for kind in ("keyDown", "keyUp"):
        text = name if kind == "keyDown" and len(name) == 1 else ""
        tab.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=name,
            text=text,
            modifiers=modifiers,
            windowsVirtualKeyCode=CODES.get(name, 0),
        )


def near(tab, *boxes):
    found = tab.run(RECTS)
    return len(found) == len(boxes) and all(
        abs(a - b) <= 1
        for one, other in zip(found, boxes, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def test_boxes_are_drawn_split_merged_ordered_and_queued(tab, store):
    draw(tab, (15, 25), (150, 40), (290, 115))
    assert near(tab, (15, 25, 275, 90))
    key(tab, "t")  # where the pointer is not within: in the middle
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    assert len(tab.run(RECTS)) == 2
    key(tab, "m")
    assert near(tab, (15, 25, 275, 90))
    key(tab, "z")
    key(tab, "z")
    assert near(tab, (15, 25, 275, 90))
    draw(tab, (200, 115), (200, 90), (200, 55))  # the lower edge
    assert near(tab, (15, 25, 275, 30))
    key(tab, "a")
    assert near(tab, (15, 25, 275, 30), (15, 55, 275, 30))
    draw(tab, (100, 70), (100, 90), (100, 100))  # moves it
    assert near(tab, (15, 25, 275, 30), (15, 85, 275, 30))
    key(tab, "ArrowUp", SHIFT)
    assert near(tab, (15, 85, 275, 30), (15, 25, 275, 30))
    key(tab, "ArrowDown", SHIFT)
    key(tab, "ArrowRight", ALT)
    key(tab, "ArrowLeft", CONTROL)
    assert near(tab, (15, 25, 275, 30), (16, 85, 274, 30))
    key(tab, "a")
    key(tab, "Delete")
    assert "not saved" in tab.run("document.getElementById('status').textContent")
    tab.press("Enter")
    tab.wait_for("!document.getElementById('status').textContent.includes('not saved')")
    saved = PageRecords(store).page(1).boxes
    assert [(each.top, each.bottom) for each in saved] == [(25, 55), (85, 115)]
    tab.run("document.getElementById('queue').click()")
    tab.wait_for("document.querySelector('.marked')?.dataset.queued == '1'")
    assert store.counts() == {WAITING: 2}
    assert [store.item(n).name for n in (1, 2)] == ["leaf <b>-1/line-1", "leaf <b>-1/line-2"]


def test_a_page_is_marked_without_a_mouse(tab, store):
    key(tab, "a")
    ((left, top, width, height),) = tab.run(RECTS)
    key(tab, "s")
    half = round(width / 2)
    assert near(tab, (left, top, half, height), (left + half, top, width - half, height))
    key(tab, "m")
    key(tab, "a")
    key(tab, "ArrowDown", CONTROL)
    assert near(tab, (left, top, width, height), (left, top + height, width, height + 1))
    key(tab, "ArrowUp")
    key(tab, "ArrowDown", SHIFT)
    tab.press("Enter")
    tab.wait_for("!document.getElementById('status').textContent.includes('not saved')")
    saved = PageRecords(store).page(1).boxes
    assert [each.top for each in saved] == [top + height, top]


def test_side_by_side_at_the_pointer(tab):
    draw(tab, (15, 25), (150, 40), (290, 55))
    ((x, y),) = at(tab, (115, 40))
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    key(tab, "s")
    assert near(tab, (15, 25, 100, 30), (115, 25, 175, 30))


def test_what_the_server_refuses_is_told_and_nothing_is_lost(tab, store):
    draw(tab, (15, 25), (150, 40), (290, 55))
    PageRecords(store).save(PageRecords(store).page(1), [])  # somebody else
    tab.press("Enter")
    tab.wait_for("!document.getElementById('problem').hidden")
    assert "somebody has changed" in tab.run("document.getElementById('problem').textContent")
    assert near(tab, (15, 25, 275, 30))
