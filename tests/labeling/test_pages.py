"""The pages, as a browser without scripts sees them."""

import html
import re
import shlex

from labeling import answers
from labeling.answers import Seen
from labeling.items import ACCEPTED, FLAGGED, WAITING, NewItem
from labeling.queue import Asker
from schema.alphabet import LATIN
from tests.labeling.conftest import lines, picture


def fields(browser, **given):
    page = browser.get("/label").text
    told = dict(re.findall(r'name="(line|revision)" value="(\d+)"', page))
    return {**told, "action": "save", **given}


def test_a_line_is_shown_with_its_reading_and_doubts(store, enter):
    item = NewItem(
        "<i>name</i>",
        picture(),
        "queue",
        prefill="a<b",
        confidence=0.62,
        character_confidences=(0.99, 0.4, 0.95),
        model_version="lines 17",
        why="uncertain",
    )
    store.add([item], "test")
    page = enter().get("/label").text
    assert "&lt;i&gt;name" in page
    assert '<mark title="40 % sure">&lt;</mark>b' in page
    assert 'value="a&lt;b"' in page
    assert "Read by lines 17, 62 % sure" in page
    assert f"/pictures/{store.item(1).picture}" in page


def test_enter_saves_and_the_next_line_comes(store, enter):
    store.add(lines(2), "test")
    browser = enter()
    answer = browser.submit("/label", **fields(browser, text="a b"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/label")
    assert store.item(1).text == "a b"
    page = browser.get("/label").text
    assert "line 1</h1>" in page
    assert "Labelled" in page


def test_a_refused_text_stays_in_its_field(store, enter):
    store.add(lines(1), "test")
    browser = enter()
    answer = browser.submit("/label", **fields(browser, text="h\u00e9 <b>"))
    assert answer.status_code == 422
    assert "&#39;é&#39; (U+00E9)" in answer.text
    assert 'value="hé &lt;b&gt;"' in answer.text
    assert store.item(1).status == WAITING


def test_a_text_that_came_too_late_is_shown(store, enter, monkeypatch):
    store.add(lines(2), "test")
    monkeypatch.setattr("labeling.queue.CLAIM_SECONDS", -1.0)
    ada, bob = enter("ada"), enter("bob")
    late, early = fields(ada, text="late"), fields(bob, text="early")
    assert bob.submit("/label", **early).status_code == 303
    answer = ada.submit("/label", **late)
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.text
    assert ">late</span>" in answer.text
    assert store.item(1).text == "early"
    assert "line 1</h1>" in answer.text  # the second line: there she goes on


def test_skip_unreadable_flag_and_undo(store, enter):
    store.add(lines(3), "test")
    browser = enter()
    browser.submit("/label", **fields(browser, action="skip"))
    browser.submit("/label", **fields(browser, action="unreadable"))
    browser.submit("/label", **fields(browser, action="flag", note="two lines"))
    assert store.counts() == {WAITING: 1, "unreadable": 1, FLAGGED: 1}
    answer = browser.submit("/label", action="undo")
    assert answer.headers["location"] == "/label?line=3"
    assert store.item(3).status == WAITING
    assert browser.submit("/label", action="nonsense").status_code == 400


def test_skipped_lines_are_offered_and_gone_back_to(store, enter):
    store.add(lines(2), "test")
    browser = enter()
    assert "skipped by you" not in browser.get("/label").text
    browser.submit("/label", **fields(browser, action="skip"))
    assert "skipped by you (1)" in browser.get("/label").text
    address = "/label?why=skipped+by+you"
    page = browser.get(address).text
    assert "line 0</h1>" in page
    told = dict(re.findall(r'name="(line|revision|why)" value="([^"]+)"', page))
    answer = browser.submit("/label", action="save", text="a", **told)
    assert answer.headers["location"] == address
    page = browser.get(address).text
    assert "No line is left that is skipped by you</h1>" in page
    assert 'href="/label">Label all others' in page


def test_lines_that_want_somebody_else_are_told(store, enter):
    store.add(lines(1, annotators=2), "test")
    browser = enter()
    assert 'id="half"' not in browser.get("/review").text
    browser.submit("/label", **fields(browser, text="a"))
    assert "wants a second person's answer" in browser.get("/label").text
    assert "1 line of ada." in browser.get("/review").text


def test_a_deed_on_a_settled_line_taken_back_leads_to_its_page(store, enter):
    store.add([NewItem("a", picture(), "test", text="old")], "test")
    browser = enter()
    assert browser.submit("/lines/1", revision="0", text="new").status_code == 303
    assert store.item(1).text == "new"
    answer = browser.post("/label", data={"csrf": browser.csrf(), "action": "undo"})
    assert answer.url.path == "/lines/1"
    assert (store.item(1).status, store.item(1).text) == (ACCEPTED, "old")


def test_a_disputed_line_is_decided_and_the_next_comes(store, enter):
    store.add(lines(2, annotators=2), "test")
    for who, text in (("ada", "cat"), ("bob", "cut")):
        browser = enter(who)
        for _ in range(2):
            browser.submit("/label", **fields(browser, text=text))
    page = browser.get("/review").text
    assert "disputed" in page
    assert "33.3 %" in page  # one of three characters, twice
    line = browser.get("/lines/1").text
    assert "c<mark>a</mark>t" in line
    assert "c<mark>u</mark>t" in line
    answer = browser.submit("/lines/1", revision="2", text="cat", action="take")
    assert answer.headers["location"] == "/lines/2"
    assert store.item(1).text == "cat"
    assert browser.submit("/lines/2", revision="0", text="cat").status_code == 409


def test_the_history_is_shown_page_by_page(store, enter):
    store.add(lines(60), "test")
    browser = enter()
    for number in range(60):
        answers.decide(store, Asker("ada", "1"), Seen(number + 1, 0), f"text {number}", LATIN)
    first = browser.get("/history").text
    assert "text 59" in first
    older = re.search(r"/history\?before=\d+", first)
    assert "text 0<" in browser.get(older[0]).text
    assert browser.get("/history?before=x").status_code == 200


def test_an_export_is_made_from_the_page(store, enter, settings):
    store.add([NewItem("a", picture(), "test", text="one")], "test")
    browser = enter()
    assert "1 accepted line is in no span yet" in browser.get("/export").text
    browser.submit("/export")
    for _ in range(200):
        page = browser.get("/export").text
        if "being written" not in page:
            break
    assert f"1 line is in {settings.spans}" in page
    shown = re.search(r'id="retrain">([^<]+)<', page)[1]
    options = ["--spans", str(settings.spans), "--", "--set", "first_span=1"]
    assert shlex.split(html.unescape(shown)) == ["python", "-m", "pipeline.retrain", *options]
    browser.submit("/export")


def test_for_which_lines_a_second_annotator_is_asked(store, enter):
    store.add(lines(2), "test")
    browser = enter()
    answer = browser.submit("/review/second", count="5")
    assert "is asked for 2 lines." in browser.get(answer.headers["location"]).text
    answer = browser.submit("/review/second", count="5")
    assert "No line waits" in browser.get(answer.headers["location"]).text
    assert browser.submit("/review/second", count="0").status_code == 422
    browser.submit("/review/share", percent="10")
    assert (
        'name="percent" type="number" min="0" max="100" value="10"' in browser.get("/review").text
    )
    assert browser.submit("/review/share", percent="101").status_code == 422
    for path, given in (("/review/second", {"count": "1"}), ("/review/share", {"percent": "1"})):
        assert enter("").submit(path, **given).headers["location"] == "/"


def test_whoever_has_no_name_is_asked_for_it(store, enter):
    store.add(lines(1), "test")
    stranger = enter("")
    assert stranger.get("/label", follow_redirects=False).headers["location"] == "/"
    assert stranger.submit("/label", line="1", revision="0", text="x").headers["location"] == "/"
    assert store.item(1).status == WAITING


def test_pictures_are_given_out_by_their_hash_alone(store, enter):
    store.add(lines(1), "test")
    browser = enter()
    answer = browser.get(f"/pictures/{store.item(1).picture}")
    assert (answer.content, answer.headers["content-type"]) == (picture(0), "image/png")
    for name in ("0" * 64, "..%2flabeling.db", "x"):
        assert browser.get(f"/pictures/{name}").status_code == 404


def test_what_is_not_there_is_told(store, enter):
    browser = enter()
    assert browser.get("/lines/7").status_code == 422
    assert browser.get("/nothing").status_code == 404
    assert browser.get("/label").status_code == 200
    assert browser.submit("/label", line="x", revision="0").status_code == 400
    json_told = browser.get("/lines/7", headers={"Accept": "application/json"}).json()
    assert "there is none" in json_told["error"]
