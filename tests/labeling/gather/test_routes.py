"""The pages to write on, as a browser without scripts and a clumsy one see them."""

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from labeling.gather import sheet_layout as layout
from labeling.gather.sheet_pdf import DPI, draw_sheet
from labeling.items import WAITING
from labeling.reader import Reader
from schema.errors import InputError
from tests.labeling.conftest import picture
from tests.labeling.gather.photograph import photograph


def drawing(shade=20, size=(200, 60)):
    pixels = np.full(size[::-1], 255, np.uint8)
    pixels[10:40, 10:-10:9] = shade
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def agree(browser):
    version = re.search(r'name="version" value="(\w+)"', browser.get("/gather").text)[1]
    answer = browser.submit("/gather/writer", version=version, agree="yes")
    assert answer.status_code == 303
    return browser


def prompt(browser):
    page = browser.get("/gather").text
    found = re.search(r'data-id="(\d+)" aria-live="polite">(.*?)</p>', page)
    return int(found[1]), found[2]


def send(browser, path, content, **headers):
    given = {"accept": "application/json", "x-csrf-token": browser.csrf(), **headers}
    return browser.post(path, content=content, headers=given)


@pytest.fixture
def writer(enter):
    return agree(enter(""))


def test_nobody_writes_before_they_agree(enter, store):
    browser = enter("")
    assert "Before you write" in browser.get("/gather").text
    assert browser.submit("/gather/writer", version="other", agree="yes").status_code == 422
    assert browser.submit("/gather/sheets").status_code == 403
    assert send(browser, "/gather/lines/1", drawing()).status_code == 403
    assert store.counts() == {}


def test_the_consent_stays_with_the_writer(writer, store):
    (row,) = store.reading().execute(
        "SELECT writers.id, text FROM writers JOIN consents ON consent = version"
    )
    assert re.fullmatch(r"w-[0-9a-f]{10}", row["id"])
    assert row["text"].startswith("What you write here")
    assert row["id"] in writer.get("/gather").text


def test_another_consent_is_asked_for_again(tmp_path, store, enter, settings):
    writer = agree(enter(""))
    path = tmp_path / "consent.txt"
    path.write_text("Only <b>this</b>.\n\nAnd that.", encoding="utf-8")
    object.__setattr__(settings, "consent", path)
    other = enter("")
    other.cookies = writer.cookies
    page = other.get("/gather").text
    assert "<p>Only &lt;b&gt;this&lt;/b&gt;.</p>" in page
    assert "<p>And that.</p>" in page


@pytest.mark.parametrize("content", [b"", b"\xff", b"x" * 30_000])
def test_a_consent_that_is_none_is_told_at_the_start(tmp_path, store, enter, settings, content):
    path = tmp_path / "consent.txt"
    path.write_bytes(content)
    object.__setattr__(settings, "consent", path)
    with pytest.raises(InputError, match=r"expected a .*consent"):
        enter("")


def test_a_drawn_line_waits_with_its_prompt(writer, store):
    number, text = prompt(writer)
    answer = send(writer, f"/gather/lines/{number}", drawing())
    assert answer.status_code == 200
    assert answer.json()["id"] != number
    assert answer.json()["count"] == 1
    item = store.item(1)
    assert (item.status, item.source, item.why) == (WAITING, "written", "written")
    assert item.prefill == text.replace("&amp;", "&").replace("&#39;", "'").replace("&#34;", '"')
    assert item.writer in writer.get("/gather").text
    assert store.pictures.path(item.picture).read_bytes() == drawing()


def test_a_line_sent_twice_is_there_once(writer, store):
    number, _ = prompt(writer)
    for shade in (20, 30):
        assert send(writer, f"/gather/lines/{number}", drawing(shade)).status_code == 200
    assert store.counts() == {WAITING: 1}


def test_one_cannot_write_for_others(writer, enter, store):
    number, _ = prompt(writer)
    other = agree(enter(""))
    answer = send(other, f"/gather/lines/{number}", drawing())
    assert answer.status_code == 422
    assert "was asked for, got number" in answer.json()["error"]
    assert store.counts() == {}


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 422, "expected a picture, got an empty file in the drawing"),
        (b"hello", 422, "expected a picture in one of the formats"),
        (drawing()[:-40], 422, "expected a complete PNG picture"),
        (drawing(255), 422, "expected handwriting, got a picture of 200 x 60 pixels"),
        (drawing(size=(40, 60)), 422, "expected handwriting, got a picture of 40 x 60"),
        (b"x" * 3_000_000, 413, "expected at most 2,048 KiB"),
    ],
)
def test_what_is_no_drawing_leaves_nothing(writer, store, content, status, said):
    number, text = prompt(writer)
    answer = send(writer, f"/gather/lines/{number}", content)
    assert answer.status_code == status
    assert said in answer.json()["error"]
    assert store.counts() == {}
    assert prompt(writer) == (number, text)


def test_a_picture_that_unpacks_to_gigabytes_is_not_unpacked(writer, store):
    number, _ = prompt(writer)
    stream = io.BytesIO()
    Image.new("1", (9000, 9000), 1).save(stream, "PNG")
    answer = send(writer, f"/gather/lines/{number}", stream.getvalue())
    assert "at most 4,000,000 pixels, got 9000 x 9000" in answer.json()["error"]


def test_skipped_texts_do_not_come_again(writer):
    seen = []
    for _ in range(8):
        number, text = prompt(writer)
        seen.append(text)
        assert writer.submit(f"/gather/skips/{number}").status_code == 200
    assert len(set(seen)) == 8


def test_somebody_else_is_another_writer(writer, store):
    assert writer.submit("/gather/leave").status_code == 303
    assert "Before you write" in writer.get("/gather").text
    agree(writer)
    assert store.reading().execute("SELECT COUNT(*) FROM writers").fetchone()[0] == 2


def test_forms_of_others_are_refused(writer):
    answer = writer.post("/gather/sheets", data={"csrf": "x"})
    assert answer.status_code == 403
    assert writer.post("/gather/photos", content=b"x").status_code == 403


def sheet_of(writer, store):
    """Makes a sheet and returns its number and prompts."""
    answer = writer.submit("/gather/sheets")
    assert answer.status_code == 303
    pdf = writer.get(answer.headers["location"])
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    (row,) = store.reading().execute("SELECT number FROM sheets")
    rows = store.reading().execute("SELECT text FROM prompts WHERE sheet IS NOT NULL ORDER BY id")
    return row["number"], [row["text"] for row in rows]


def photo_of(number, prompts, lines):
    sheet = draw_sheet(number, prompts)
    draw = ImageDraw.Draw(sheet)
    for line in lines:
        left, top, _, _ = (side * DPI / 25.4 for side in layout.writing_box(line))
        draw.rectangle((left + 30, top + 20, left + 230, top + 80), fill=30)
    stream = io.BytesIO()
    photo = photograph(sheet, np.random.default_rng(2), turned=91, size=(1100, 1400), tilt=0.03)
    Image.fromarray(photo).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def test_a_photographed_sheet_becomes_lines(writer, store):
    number, prompts = sheet_of(writer, store)
    assert len(prompts) == layout.LINES
    answer = send(writer, "/gather/photos", photo_of(number, prompts, [0, 3]))
    told = answer.json()
    assert (told["sheet"], told["added"]) == (layout.name_of(number), 2)
    assert [line["written"] for line in told["lines"]] == [n in (0, 3) for n in range(layout.LINES)]
    assert [store.item(n).prefill for n in (1, 2)] == [prompts[0], prompts[3]]
    # Photographed again, with one line more: nothing comes twice.
    again = send(writer, "/gather/photos", photo_of(number, prompts, [0, 3, 5])).json()
    assert again["added"] == 1
    assert store.counts() == {WAITING: 3}


def test_an_empty_sheet_and_one_from_elsewhere_are_told(writer, store):
    number, prompts = sheet_of(writer, store)
    answer = send(writer, "/gather/photos", photo_of(number, prompts, []), **{"x-file-name": "a"})
    assert "expected handwriting on sheet" in answer.json()["error"]
    answer = send(writer, "/gather/photos", photo_of(number ^ 1, prompts, [1]))
    assert "expected a sheet that was made here, got sheet" in answer.json()["error"]
    assert store.counts() == {}


def test_another_picture_is_no_sheet_and_its_name_is_told(writer):
    answer = send(writer, "/gather/photos", picture(), **{"x-file-name": "%3Cb%3Ex.png"})
    assert answer.status_code == 422
    assert "got 0 in <b>x.png: photograph the whole sheet" in answer.json()["error"]


def test_a_model_s_reading_does_not_take_the_place_of_a_prompt(writer, store):
    number, _ = prompt(writer)
    send(writer, f"/gather/lines/{number}", drawing())
    assert not Reader(store, "http://localhost:1")._plan("lines 1")
