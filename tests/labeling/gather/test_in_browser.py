"""Somebody writes lines in a browser, and photographs a sheet."""

import io

import numpy as np
import pytest
from PIL import Image

from labeling.app import build_app
from labeling.items import WAITING
from serving.server.http_server import HttpOptions, listen, start
from tests.labeling.gather.test_routes import photo_of
from tests.serving.try_page.browser import find_browser, open_browser

pytestmark = [
    pytest.mark.skipif(find_browser() is None, reason="needs Chromium"),
    pytest.mark.slow,
]


@pytest.fixture
def address(store, settings):
    listener = listen("127.0.0.1", 0, "labelling", "--port")
    ask_to_stop, wait = start(build_app(store, settings), listener, HttpOptions(grace_seconds=1))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    ask_to_stop()
    wait()


@pytest.fixture
def tab(tmp_path, address):
    with open_browser(tmp_path / "profile") as tab:
        tab.open(f"{address}/gather")
        tab.run("document.getElementById('agree').click()")
        tab.run("document.querySelector('form button').click()")
        tab.wait_for("document.getElementById('skip')?.disabled === false")  # the script is there
        yield tab


def place(tab):
    """Returns left, top, width and height of the area to write on, in the window."""
    box = "document.getElementById('pad').getBoundingClientRect()"
    return tab.run(f"(({{x, y, width, height}}) => [x, y, width, height])({box})")


def zigzag(tab):
    left, top, width, height = place(tab)
    return [
        (left + width * (0.1 + 0.02 * n), top + height * (0.3 if n % 2 else 0.7)) for n in range(20)
    ]


def shown(tab, name):
    return tab.run(f"document.getElementById('{name}').textContent")


def key(tab, letter):
    for kind in ("keyDown", "keyUp"):
        given = {"text": letter} if kind == "keyDown" else {}
        tab.call("Input.dispatchKeyEvent", type=kind, key=letter, **given)


def test_ten_lines_are_written_with_the_mouse(tab, store):
    texts = []
    for number in range(1, 11):
        texts.append(shown(tab, "prompt"))
        tab.drag(*zigzag(tab))
        tab.press("Enter")
        words = f"{number} line{'s' if number > 1 else ''} written."
        tab.wait_for(f"document.getElementById('status').textContent == '{words}'")
    assert store.counts() == {WAITING: 10}
    assert [store.item(n).prefill for n in range(1, 11)] == texts
    assert len(set(texts)) == 10
    written = Image.open(io.BytesIO(store.pictures.path(store.item(1).picture).read_bytes()))
    pixels = np.asarray(written.convert("L"))
    # As training data: dark on white, cut to the ink with a margin, strokes a tenth of the height.
    assert pixels[0].min() == pixels[-1].min() == 255
    assert 0.03 < (pixels < 128).mean() < 0.4
    assert pixels.shape[1] > 3 * pixels.shape[0]


def test_fingers_and_keys(tab, store):
    (x, y), *others = zigzag(tab)
    tab.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    for x, y in others:
        tab.call("Input.dispatchTouchEvent", type="touchMove", touchPoints=[{"x": x, "y": y}])
    tab.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    tab.wait_for("!document.getElementById('save').disabled")
    key(tab, "z")
    tab.wait_for("document.getElementById('save').disabled")
    before = shown(tab, "prompt")
    key(tab, "s")
    tab.wait_for(f"document.getElementById('prompt').textContent != {before!r}")
    assert store.counts() == {}


def test_a_server_that_is_gone_loses_no_drawing(tab):
    tab.drag(*zigzag(tab))
    tab.run("window.fetch = () => Promise.reject(new Error())")
    tab.press("Enter")
    tab.wait_for("!document.getElementById('problem').hidden")
    assert "Nothing is lost" in shown(tab, "problem")
    assert tab.run("!document.getElementById('save').disabled")


def test_a_photographed_sheet_is_told_line_by_line(tab, store, tmp_path):
    tab.run(
        "fetch('/gather/sheets', {method: 'POST', body: new URLSearchParams({csrf: "
        "document.querySelector('meta[name=csrf-token]').content})}).then((a) => a.ok)"
    )
    (number,) = store.reading().execute("SELECT number FROM sheets").fetchone()
    rows = store.reading().execute("SELECT text FROM prompts WHERE sheet IS NOT NULL ORDER BY id")
    prompts = [row["text"] for row in rows]
    path = tmp_path / "<b>sheet.jpg"
    path.write_bytes(photo_of(number, prompts, [0, 1, 2]))
    tab.choose_file("#photo", path)
    tab.wait_for("!document.getElementById('taken').hidden")
    assert "3 lines added." in shown(tab, "taken-words")
    assert tab.run("document.querySelectorAll('#taken-lines .empty').length") == 6
    Image.new("L", (300, 300), 255).save(tmp_path / "<b>x.png")
    tab.choose_file("#photo", tmp_path / "<b>x.png")
    tab.wait_for("!document.getElementById('problem').hidden")
    assert "got 0 in <b>x.png" in shown(tab, "problem")
    assert store.counts() == {WAITING: 3}
