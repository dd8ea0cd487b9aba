"""Pages are uploaded, marked and queued."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from labeling.exchange import page_xml
from labeling.items import WAITING
from labeling.page_lines import proposals
from labeling.page_lines.boxes import LineBox
from labeling.page_lines.records import PageRecords
from labeling.pictures import MAX_BYTES
from pipeline.ingest.images import read_image
from schema.errors import InputError
from serving.client.readings import Reading
from serving.predict.alto import to_alto
from serving.signatures import TEXT

SIZE = (300, 200)


def page_picture(kind="PNG", orientation=None):
    pixels = np.full(SIZE[::-1], 230, np.uint8)
    pixels[30:50, 20:280] = 30
    pixels[90:110, 20:180] = 30
    stream = io.BytesIO()
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    Image.fromarray(pixels).save(stream, kind, exif=exif)
    return stream.getvalue()


def box(*edges, text="", model=""):
    left, top, right, bottom = edges
    named = {"left": left, "top": top, "right": right, "bottom": bottom}
    return {**named, "text": text, "model": model}


TWO = [box(15, 25, 290, 55, text="One", model="pages 3"), box(15, 85, 190, 115)]


def send(browser, path, content, **headers):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    given = {"accept": "application/json", "x-csrf-token": browser.csrf(), **headers}
    return browser.post(path, content=content, headers=given)


@pytest.fixture
def page(enter):
    browser = enter()
    answer = send(browser, "/pages", page_picture(), **{"x-file-name": "leaf%20%3Cb%3E.png"})
    assert answer.json() == {"page": "/pages/1"}
    return browser


def test_an_uploaded_page_is_listed_by_its_name(page):
    assert "leaf &lt;b&gt;</a>" in page.get("/pages").text
    shown = page.get("/pages/1").text
    assert '"boxes": []' in shown
    assert 'viewBox="0 0 300 200"' in shown
    # The same picture again is the same page.
    assert send(page, "/pages", page_picture()).json() == {"page": "/pages/1"}


def test_names_cannot_end_the_script_that_tells_the_boxes(page):
    text = "</script><script>alert(1)</script>"
    assert send(
        page, "/pages/1/lines", {"revision": 0, "boxes": [box(1, 1, 9, 9, text=text)]}
    ).is_success
    assert "<script>alert" not in page.get("/pages/1").text


def test_boxes_are_saved_and_a_stale_page_changes_nothing(page, store):
    assert send(page, "/pages/1/lines", {"revision": 0, "boxes": TWO}).json() == {"revision": 1}
    answer = send(page, "/pages/1/lines", {"revision": 0, "boxes": []})
    assert answer.status_code == 409
    assert "somebody has changed" in answer.json()["error"]
    assert len(PageRecords(store).page(1).boxes) == 2


def test_queued_lines_wait_with_what_was_read(page, store):
    assert send(page, "/pages/1/queue", {"revision": 0, "boxes": TWO}).json() == {"added": 2}
    first, second = store.item(1), store.item(2)
    assert store.counts() == {WAITING: 2}
    assert (first.name, first.prefill, first.model_version) == (
        "leaf <b>-1/line-1",
        "One",
        "pages 3",
    )
    assert second.place["polygon"] == [[15, 85], [190, 85], [190, 115], [15, 115]]
    height, width = read_image(store.pictures.path(second.picture), "x").shape
    assert 30 <= height <= 40
    assert 175 <= width <= 185
    assert "lines of this page are queued" in page.get("/pages/1").text
    for what in ("lines", "queue"):
        assert send(page, f"/pages/1/{what}", {"revision": 1, "boxes": TWO}).status_code == 409
    assert store.counts() == {WAITING: 2}


def test_labels_of_a_page_leave_with_its_picture(page, store, tmp_path):
    send(page, "/pages/1/queue", {"revision": 0, "boxes": TWO})
    with store.transaction() as connection:
        connection.execute("UPDATE items SET status = 'accepted', text = 'One' WHERE id = 1")
    page_xml.write(store.accepted(), store.pictures, tmp_path / "out")
    (file,) = (tmp_path / "out").glob("*.xml")
    boxes = proposals.read_xml(file.read_bytes(), "x", SIZE)
    assert boxes == [LineBox(15, 25, 290, 55, "One")]
    assert file.with_suffix(".png").read_bytes() == page_picture()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            {"revision": 0, "boxes": [box(0, 0, 301, 50)]},
            "expected line 1 on the page of 300 x 200",
        ),
        ({"revision": 0, "boxes": [box(50, 0, 10, 50)]}, "expected line 1 on the page"),
        ({"revision": 0, "boxes": [box(0.5, 0, 10, 50)]}, "in whole pixels"),
        ({"revision": 0, "boxes": [7]}, "in whole pixels"),
        ({"revision": 0, "boxes": {}}, "expected a list of at most"),
        ({"revision": 0, "boxes": [box(0, 0, 9, 9)] * 1001}, "expected a list of at most"),
        ({"revision": 0, "boxes": [box(0, 0, 9, 9, text=5)]}, "expected a text of line 1"),
        ({"boxes": []}, "expected the revision"),
        ([], "expected an object in JSON"),
        (b"{", "expected an object in JSON"),
    ],
)
def test_what_are_no_boxes_is_refused(page, store, told, said):
    answer = send(page, "/pages/1/lines", told)
    assert answer.status_code in (400, 422)
    assert said in answer.json()["error"]
    assert PageRecords(store).page(1).revision == 0


def test_a_page_without_lines_is_not_queued(page):
    answer = send(page, "/pages/1/queue", {"revision": 0, "boxes": []})
    assert "expected lines on the page, got none" in answer.json()["error"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "got an empty file in x.png"),
        (b"%PDF-1.4", "expected a picture in one of the formats"),
        (page_picture()[:-30], "expected a complete PNG picture"),
    ],
)
def test_what_is_no_page_leaves_nothing(enter, store, content, said):
    answer = send(enter(), "/pages", content, **{"x-file-name": "x.png"})
    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert PageRecords(store).all() == []
    assert not list((store.folder / "pictures").rglob("*"))


def test_an_upload_has_limits_and_a_token(enter):
    browser = enter()
    assert send(browser, "/pages", bytes(MAX_BYTES + 1)).status_code == 413
    assert browser.post("/pages", content=page_picture()).status_code == 403


def test_a_turned_photograph_is_marked_upright(enter, store):
    send(enter(), "/pages", page_picture("JPEG", orientation=6))
    assert PageRecords(store).page(1).size == SIZE[::-1]


def test_lines_of_a_file_are_proposed_and_not_saved(page, store):
    reading = Reading("One", 0.9, (), (25.0, 15.0, 55.0, 400.0))
    document = to_alto([reading], "leaf.png", SIZE)
    answer = send(page, "/pages/1/layout", document.encode())
    assert answer.json() == {"boxes": [box(15, 25, 300, 55, text="One")]}
    assert PageRecords(store).page(1).boxes == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<x/>", "lines.xml: expected a root element alto or PcGts, got x"),
        (b"<", "lines.xml: expected well-formed XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><alto/>', "lines.xml: expected XML without document type"),
        (b"<mets/>", "got a file about no page in lines.xml"),
        (to_alto([Reading("A", 1.0)], "x", (7, 7)).encode(), "got 7 x 7 in lines.xml: choose the"),
    ],
)
def test_other_files_are_refused_in_one_line(page, content, said):
    answer = send(page, "/pages/1/layout", content, **{"x-file-name": "lines.xml"})
    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_without_a_server_the_model_is_not_asked(page):
    answer = send(page, "/pages/1/reading", b"")
    assert "expected a model server to find lines, got none" in answer.json()["error"]


def test_a_server_that_is_gone_is_told(page, settings):
    object.__setattr__(settings, "server", "http://127.0.0.1:9")
    answer = send(page, "/pages/1/reading", b"")
    assert answer.status_code == 422
    assert "127.0.0.1:9" in answer.json()["error"]


class Answering:
    """Stands in for the connection to a server."""

    where = "there"

    def __init__(self, row, outputs):
        self._row, self._outputs = row, outputs

    def __call__(self, *_):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def outputs(self, name):
        return frozenset(self._outputs)

    def available_version(self, name):
        return 3

    def predict(self, name, images):
        assert images[0].startswith(b"\x89PNG")
        return [self._row]


def test_the_model_s_lines_are_boxes_on_the_page(page, settings, monkeypatch):
    row = {
        "boxes": [[25.2, -3.0, 55.0, 290.4], [0.0, 0.0, 1.0, 1.0]],
        "texts": ["One", "speck"],
        "confidences": [0.9, 0.1],
        "count": 2,
    }
    object.__setattr__(settings, "server", "http://there")
    monkeypatch.setattr(proposals, "RestConnection", Answering(row, row))
    answer = send(page, "/pages/1/reading", b"")
    assert answer.json() == {"boxes": [box(0, 25, 290, 55, text="One", model="pages 3")]}


def test_a_model_of_lines_is_refused(settings, monkeypatch):
    object.__setattr__(settings, "server", "http://there")
    monkeypatch.setattr(proposals, "RestConnection", Answering({}, [TEXT, "confidence"]))
    with pytest.raises(InputError, match="expected a model that reads pages, got 'pages'"):
        proposals.ask_model(settings, page_picture(), SIZE)
