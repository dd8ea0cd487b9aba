"""The page in a real browser, against answers made beforehand and against the embedded server."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serving.server.model_server import ModelServer
from tests.serving.try_page.browser import Tab
from tests.serving.try_page.conftest import FakeServer

pytestmark = pytest.mark.slow

READ = "document.getElementById('status').textContent.includes(' read in ')"
HIDDEN = "document.getElementById('problem').hidden"
PROBLEM = f"!{HIDDEN} && document.getElementById('problem').innerText"
MODEL = "document.getElementById('model').value"
TEXTS = "[...document.querySelectorAll('.text')].map((text) => text.textContent)"
MARKS = "[...document.querySelectorAll('#lines mark')].map((mark) => mark.textContent)"
NARROW = 400


def picture_file(folder: Path, width: int = 200, height: int = 120, **options: object) -> Path:
    pixels = np.full((height, width), 230, np.uint8)
    pixels[20:40, 30:150] = 20
    pixels[70:90, 30:100] = 20
    path = folder / "page.png"
    Image.fromarray(pixels).save(path, **options)
    return path


def opened(browser: Tab, fake: FakeServer, query: str = "", width: int = 1000) -> None:
    browser.open(fake.url + query, width)
    browser.wait_for(f"{MODEL} && document.getElementById('reads').textContent")


def place_of(browser: Tab, selector: str) -> tuple[float, float, float, float]:
    """Scrolls an element into view and returns its left, top, width and height."""
    script = f"""(() => {{
        const element = document.querySelector({json.dumps(selector)});
        element.scrollIntoView({{block: "center"}});
        const {{left, top, width, height}} = element.getBoundingClientRect();
        return [left, top, width, height];
    }})()"""
    return tuple(browser.run(script))


def click(browser: Tab, selector: str) -> None:
    left, top, width, height = place_of(browser, selector)
    point = (left + width / 2, top + height / 2)
    browser.drag(point, point)


def test_a_chosen_page_is_shown_with_boxes_and_texts(
    browser: Tab, fake: FakeServer, tmp_path: Path
) -> None:
    opened(browser, fake)
    assert browser.run(MODEL) == "pages"
    path = picture_file(tmp_path)
    browser.choose_file("#file", path)
    browser.wait_for(READ)
    assert browser.run("document.getElementById('status').textContent").startswith("2 lines read")
    # Texts are shown as texts, whatever they look like.
    assert browser.run(TEXTS) == ["first <b>line</b>", "second"]
    assert browser.run("[...document.querySelectorAll('.sure')].map((e) => e.textContent)") == [
        "95 % sure",
        "40 % sure",
    ]
    # Where single characters are not told, a doubtful line is marked as a whole.
    assert browser.run(MARKS) == ["second"]
    boxes = "[...document.querySelectorAll('rect')].map((r) => [r.x, r.y, r.width, r.height]"
    assert browser.run(f"{boxes}.map((length) => length.baseVal.value))") == [
        [20, 10, 160, 40],
        [20, 60, 100, 40],
    ]
    # Each box lies where its numbers say, on a picture of 200 pixels' width.
    shown = place_of(browser, "#picture")
    box = place_of(browser, "rect")
    assert box[0] - shown[0] == pytest.approx(shown[2] * 20 / 200, abs=3)
    with Image.open(path) as given:
        np.testing.assert_array_equal(np.asarray(fake.picture().convert("L")), np.asarray(given))


def test_a_box_and_its_text_are_chosen_together(
    browser: Tab, fake: FakeServer, tmp_path: Path
) -> None:
    opened(browser, fake)
    browser.choose_file("#file", picture_file(tmp_path))
    browser.wait_for(READ)
    click(browser, "rect:nth-of-type(2)")
    pressed = "[...document.querySelectorAll('#lines button')].map((b) => b.ariaPressed)"
    assert browser.run(pressed) == ["false", "true"]
    assert browser.run("document.activeElement.textContent").startswith("second")
    click(browser, "#lines button")
    assert browser.run(pressed) == ["true", "false"]
    assert browser.run("document.querySelectorAll('rect.chosen').length") == 1


def test_doubtful_characters_of_a_line_are_marked(
    browser: Tab, fake: FakeServer, tmp_path: Path
) -> None:
    opened(browser, fake, "?model=lines")
    assert browser.run("document.getElementById('reads').textContent") == "reads lines"
    browser.choose_file("#file", picture_file(tmp_path))
    browser.wait_for(READ)
    # Of a, b, c, cedilla, d the second and third are doubtful.
    assert browser.run(MARKS) == ["bc"]
    assert browser.run("document.querySelector('#lines mark').title") == "20 % sure"
    assert not browser.run("document.getElementById('legend').hidden")


def test_rivals_of_a_character_are_told(browser: Tab, fake: FakeServer, tmp_path: Path) -> None:
    opened(browser, fake, "?model=characters")
    browser.choose_file("#file", picture_file(tmp_path))
    browser.wait_for(READ)
    told = browser.run("document.querySelector('.others').textContent")
    assert told == "or o 10 %, d 5 %, e 3 %, u under 1 %"


def test_what_is_written_is_sent_cropped_to_a_model_of_lines(
    browser: Tab, fake: FakeServer
) -> None:
    opened(browser, fake, "?model=lines")
    left, top, width, _ = place_of(browser, "#pad")
    scale = 1200 / width
    browser.drag((left + 40, top + 30), (left + 100, top + 60), (left + 160, top + 30))
    click(browser, "#read-pad")
    browser.wait_for(READ)
    sent = fake.picture().convert("L")
    # The pen is 18 pixels wide, and 8 % of the height is left on each side.
    inked = 30 * scale + 18
    assert sent.height == pytest.approx(inked * 1.16, abs=6)
    assert sent.width == pytest.approx(120 * scale + 18 + 0.16 * inked, abs=6)
    assert np.asarray(sent).min() < 50
    assert np.asarray(sent)[0].min() == 255
    click(browser, "#undo")
    assert browser.run("document.getElementById('read-pad').disabled")


def test_a_finger_writes_too_and_a_model_of_pages_gets_the_sheet(
    browser: Tab, fake: FakeServer
) -> None:
    opened(browser, fake)
    left, top, *_ = place_of(browser, "#pad")
    for kind, points in [
        ("touchStart", [{"x": left + 20, "y": top + 20}]),
        ("touchMove", [{"x": left + 80, "y": top + 60}]),
        ("touchEnd", []),
    ]:
        browser.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
    click(browser, "#read-pad")
    browser.wait_for(READ)
    assert fake.picture().size == (1200, 360)
    assert np.asarray(fake.picture().convert("L")).min() < 50


TRANSFER = """
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob({content}), (c) => c.charCodeAt(0))],
        "given", {{type: {type}}}));
"""


@pytest.mark.parametrize(
    "event",
    [
        "new ClipboardEvent('paste', {clipboardData: transfer, bubbles: true})",
        "new DragEvent('drop', {dataTransfer: transfer, bubbles: true, cancelable: true})",
    ],
)
def test_pictures_are_pasted_and_dropped(browser: Tab, fake: FakeServer, event: str) -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # a photograph that viewers turn by a quarter
    Image.new("RGB", (60, 40), "red").save(stream, "JPEG", exif=exif)
    content = json.dumps(base64.b64encode(stream.getvalue()).decode())
    opened(browser, fake)
    transfer = TRANSFER.format(content=content, type="'image/jpeg'")
    browser.run(f"(() => {{ {transfer} document.body.dispatchEvent({event}); }})()")
    browser.wait_for(READ)
    assert fake.picture().size == (40, 60)
    assert fake.picture().format == "JPEG"


def test_problems_are_told_and_the_next_picture_is_read(
    browser: Tab, fake: FakeServer, tmp_path: Path
) -> None:
    opened(browser, fake)
    wrong = tmp_path / "wrong.png"
    wrong.write_bytes(b"not a picture")
    browser.choose_file("#file", wrong)
    assert browser.wait_for(PROBLEM) == "wrong.png is not a picture that this browser can show."
    fake.refusal = "too many boxes"
    browser.choose_file("#file", picture_file(tmp_path))
    browser.wait_for("document.getElementById('problem').innerText.includes('(400): too many')")
    fake.refusal = ""
    fake.rows["pages"] = {"boxes": [], "texts": [], "confidences": [], "count": 0}
    browser.choose_file("#file", picture_file(tmp_path))
    browser.wait_for(READ)
    assert browser.run(HIDDEN)
    assert browser.run("document.getElementById('status').textContent").startswith("0 lines read")


def test_a_server_without_models_is_told(browser: Tab, fake: FakeServer, tmp_path: Path) -> None:
    fake.rows.clear()
    browser.open(fake.url)
    assert "no model under the usual names" in browser.wait_for(PROBLEM)
    browser.choose_file("#file", picture_file(tmp_path))
    browser.wait_for("document.getElementById('problem').innerText == 'Name a model first.'")
    browser.open(fake.url + "?server=http://127.0.0.1:9")
    assert browser.wait_for(PROBLEM) == "No model server answers at http://127.0.0.1:9."


def test_all_of_it_works_by_keyboard(browser: Tab, fake: FakeServer, tmp_path: Path) -> None:
    opened(browser, fake)
    browser.choose_file("#file", picture_file(tmp_path))
    browser.wait_for(READ)
    browser.run("document.activeElement.blur()")
    focused = []
    for _ in range(20):
        browser.press("Tab")
        focused.append(
            browser.run("document.activeElement.id || document.activeElement.textContent.trim()")
        )
        if focused[-1] == "copy":
            break
    wanted = ["model", "Another server", "file", "first <b>line</b>95 % sure", "second40 % sure"]
    assert focused == [*wanted, "copy"]
    # The choice of a file is a hidden input: its focus is shown around its label.
    browser.run("document.getElementById('file').focus()")
    browser.press("Tab")
    browser.run("document.getElementById('file').focus({focusVisible: true})")
    outline = browser.run("getComputedStyle(document.querySelector('.drop .button')).outlineStyle")
    assert outline == "solid"


def test_everything_that_takes_input_has_a_name(
    browser: Tab, fake: FakeServer, tmp_path: Path
) -> None:
    opened(browser, fake)
    browser.choose_file("#file", picture_file(tmp_path))
    browser.wait_for(READ)
    browser.run("document.querySelector('details').open = true")
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    named = {
        node["name"]["value"]: node["role"]["value"]
        for node in nodes
        if any(p["name"] == "focusable" and p["value"]["value"] for p in node.get("properties", []))
        and node["role"]["value"] != "RootWebArea"
    }
    assert "" not in named
    assert named["Model"] == "combobox"
    assert named["REST address"] == "textbox"
    assert {"Choose a picture", "Copy text", "second 40 % sure"} <= named.keys()
    live = {node["role"]["value"] for node in nodes}
    assert {"status", "main", "heading", "list"} <= live


CONTRAST = """(() => {
    const channel = (value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    const luminance = ([r, g, b]) =>
        0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const found = numbers(getComputedStyle(at).backgroundColor);
            if (found.length < 4 || found[3] > 0) return found;
        }
        return [255, 255, 255];
    };
    return [...document.querySelectorAll("body *")]
        .filter((e) => e.checkVisibility() && [...e.childNodes].some(
            (child) => child.nodeType === 3 && child.data.trim()))
        .map((e) => {
            const pair = [luminance(numbers(getComputedStyle(e).color)), luminance(ground(e))];
            return [(Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05), e.outerHTML];
        });
})()"""


@pytest.mark.parametrize("width", [1000, NARROW])
def test_texts_have_contrast_and_nothing_is_wider_than_the_window(
    browser: Tab, fake: FakeServer, tmp_path: Path, width: int
) -> None:
    opened(browser, fake, width=width)
    fake.rows["pages"] = {
        "boxes": [[0, 0, 40, 3000]],
        "texts": ["averylongword" * 30],
        "confidences": [0.5],
        "count": 1,
    }
    browser.choose_file("#file", picture_file(tmp_path, 3000, 120))
    browser.wait_for(READ)
    browser.run("document.querySelector('details').open = true")
    for ratio, shown in browser.run(CONTRAST):
        assert ratio >= 4.5, shown  # WCAG 2.2, success criterion 1.4.3
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_nothing_is_loaded_from_elsewhere(browser: Tab, fake: FakeServer, tmp_path: Path) -> None:
    opened(browser, fake)
    browser.choose_file("#file", picture_file(tmp_path))
    browser.wait_for(READ)
    loaded = browser.run("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert len(loaded) >= 7
    assert all(name.startswith((fake.url, "blob:", "data:")) for name in loaded)


def test_the_embedded_server_reads_what_is_chosen(
    browser: Tab, page_server: ModelServer, tmp_path: Path
) -> None:
    browser.open(f"{page_server.rest_url}/")
    browser.wait_for(f"{MODEL} == 'pages' && document.getElementById('reads').textContent")
    browser.choose_file("#file", picture_file(tmp_path))
    browser.wait_for(READ)
    # The shared detector finds the two bands of ink.
    assert browser.run("document.getElementById('lines').children.length") == 2
    first = "(({x, y, width}) => [x, y, width])(document.querySelector('rect'))"
    numbers = browser.run(f"{first}.map((length) => length.baseVal.value)")
    assert numbers == [30, 20, 120]
