import re
from html.parser import HTMLParser

import pytest

from serving.monitor.report.render import headline, render, write_report
from tests.serving.monitor.outcomes import outcome, window
from tests.serving.monitor.verdicts import alarm, fine, verdict

VOID = {"meta", "img", "br", "rect", "line"}


class Reader(HTMLParser):
    """Reads a page strictly: tags must match, and text is kept by what encloses it."""

    def __init__(self, page):
        super().__init__()
        self.open, self.text, self.ids, self.images, self.links = [], [], [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "img":
            self.images.append(attributes)
        if tag == "a":
            self.links.append(attributes["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="session")
def page(full):
    return render(full)


def test_it_is_one_whole_page_without_the_network(page):
    read = Reader(page)
    assert len(set(read.ids)) == len(read.ids)
    assert {link.removeprefix("#") for link in read.links} <= set(read.ids)
    assert all(image["src"].startswith("data:image/png;base64,") for image in read.images)
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", page)
    assert "default-src 'none'" in page
    assert "<script" not in page


def test_the_same_outcome_gives_the_same_text(full, page):
    assert render(full) == page


def test_the_verdict_comes_first(page):
    words = Reader(page).words
    assert words.index("what comes in has changed (mean brightness, sharpness, what") < words.index(
        "Findings"
    )
    assert "a disk is full" in words


def test_alarms_come_first_and_the_farthest_of_them(page):
    table = page[page.index("<table") :]
    rows = re.findall(r'<th scope="row">([^<]*)', table)[:4]
    assert [row.strip() for row in rows] == [
        "mean brightness",
        "sharpness",
        "what the network sees",
        "picture width",
    ]
    assert page.index("characters read") > page.index("<details>")  # far from its limit


def test_what_comes_from_outside_is_no_markup(page):
    assert "&lt;b&gt;darker&lt;/b&gt;" in page
    assert "/log/&lt;1&gt;" in page


def test_every_picture_and_plot_has_words(page):
    read = Reader(page)
    assert all(image["alt"].startswith("picture read as: ") for image in read.images)
    plots = re.findall(r"<svg[^>]*>", page)
    assert len(plots) >= 10
    assert all('role="img"' in plot and "aria-label=" in plot for plot in plots)
    assert 'aria-label="mean brightness, reference: median 21' in page


def test_odd_requests_say_why_and_where_they_are(page):
    words = Reader(page).words
    assert "No picture: not readable as a picture (UnidentifiedImageError), 5 bytes." in words
    assert "below all of the reference" in words
    assert "lines-20261127-0.tfrecord@601000/0" in words


def test_damage_and_silence_of_the_logs_are_told(page):
    words = Reader(page).words
    for told in ("the file ends within a record", "12 bytes lost", "3: a classification"):
        assert told in words
    assert "Without any request" in words
    assert "lines, version 7: 120, the log does not tell how long the answer took" in words


def test_earlier_windows_are_told(page):
    assert "Earlier windows" in Reader(page).words


def test_without_any_window_it_says_so():
    page = render(outcome())
    assert "Nothing could be checked: the logs hold no request." in Reader(page).words


def test_a_window_that_could_not_be_judged_says_why():
    page = render(outcome(window(verdict(notes=["too few requests"]))))
    words = Reader(page).words
    assert "nothing could be checked" in words
    assert "Too few requests" in words


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ([alarm(version=6), fine(day=1)], "lines, version 6: what comes in has changed"),
        ([alarm(), fine(day=1)], "lines, version 7: what comes in is what the model learned"),
        ([alarm(version=6), alarm()], "So has that of 1 more."),
    ],
)
def test_the_headline_is_of_the_newest_windows(verdicts, told):
    assert told in headline(outcome(*map(window, verdicts)))[0]


def test_it_is_written_whole(full, page, tmp_path):
    path = write_report(full, tmp_path / "new" / "report.html")
    assert path.read_text(encoding="utf-8") == page
