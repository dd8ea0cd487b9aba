import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.estimate import Estimate
from pipeline.pages.result import PageErrorRate, PagePush
from pipeline.report.render import render, write_report
from pipeline.run_result import LineageEntry, ServedReading
from tests.pipeline.report.pages import BARE, FULL, Page, bare, png

NOTICE = "They say nothing of real hands."


def test_the_report_is_written_whole_and_leaves_nothing_beside_it(tmp_path, full):
    path = tmp_path / "reports" / "run.html"
    assert write_report(FULL, path) == path
    assert path.read_text(encoding="utf-8") == full
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_keeps_the_earlier_report(tmp_path, monkeypatch):
    path = write_report(BARE, tmp_path / "run.html")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(bare(run_id="run-8"), path)
    assert path.read_text(encoding="utf-8") == render(BARE)
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_result_gives_the_same_page():
    assert render(FULL) == render(FULL)


def test_the_page_needs_no_network(full):
    page = Page(full)
    assert not page.all("script")
    assert not page.all("link")
    for _, attributes in page.elements:
        for name in ("src", "href", "xlink:href"):
            assert attributes.get(name, "#").startswith(("#", "data:image/png;base64,"))
    assert "@import" not in full
    assert not re.search(r"url\((?!#)", full)


def test_ids_are_unique_and_every_anchor_leads_somewhere(full):
    page = Page(full)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"].removeprefix("#") for link in page.all("a")} <= set(ids)


def test_synthetic_figures_are_called_so_on_top_and_beside_the_metrics(full):
    top, metrics = (found.start() for found in re.finditer(re.escape(NOTICE), full))
    assert top < full.index("<main>")
    assert full.index('id="metrics"') < metrics < full.index('id="lines"')
    assert NOTICE not in render(bare(synthetic=False))


def test_the_served_question_shows_both_answers(tmp_path):
    picture = tmp_path / "line.png"
    picture.write_bytes(png(100, 56))
    served = ServedReading(picture, "home", "home", 0.962, "hone", 0.9)
    page = render(bare(served=served))
    image = Page(page).all("img")[0]
    assert (image["alt"], image["width"]) == ("home", "100")
    assert 'ho<mark title="read “n” instead of “m”">n</mark>e' in page
    assert "confidence 96.20" in page


def test_a_picture_that_is_gone_or_broken_does_not_stop_the_report(tmp_path):
    served = ServedReading(tmp_path / "gone.png", "home", "home", 0.9, "home", 0.9)
    broken = replace(FULL.readings[0], image_png=b"no picture")
    page = render(bare(served=served, readings=(broken,)))
    assert "gone.png" in page
    assert "This picture is not readable." in page
    assert not Page(page).all("img")


def test_stages_tell_cached_from_run(full):
    assert re.search(r'class="state-cached"><th scope="row">Transform</th><td>cached</td>', full)
    assert re.search(r'Trainer</th><td>ran</td>\s*<td class="number">3 min 05 s</td>', full)
    assert re.search(r'Together</th><td></td><td class="number">3 min 05 s</td>', full)


def test_lineage_runs_from_the_sources_down_and_links_what_it_lists(full):
    graph = full[full.index('<ol class="graph">') :]
    assert graph.index("Examples 3") < graph.index("Model 7")
    assert '<a href="#artifact-3">3</a>, 99' in full  # 99 is no listed artifact


def test_a_cyclic_lineage_is_shown_all_the_same():
    cycle = (LineageEntry(1, "A", "a", "P", (2,)), LineageEntry(2, "B", "b", "Q", (1,)))
    assert "B 2" in Page(render(bare(lineage=cycle))).text


def test_a_run_that_came_to_nothing_reads_well():
    text = Page(render(BARE)).text
    for sentence in (
        "This run measured nothing",
        "Nothing of the test split was kept",
        "No epoch was recorded",
        "No split was recorded",
        "No stage was recorded",
        "No artifact was recorded",
        "No version, seed or parameter",
    ):
        assert sentence in text
    assert "<svg" not in render(BARE)


def test_whole_pages_are_told_with_what_came_of_their_servable():
    rate = PageErrorRate(
        "pages-detector",
        9,
        7456,
        Estimate(0.5, 0.4, 0.6),
        Estimate(0.55, 0.45, 0.65),
        Estimate(-0.05, -0.08, -0.02),
    )
    page = render(bare(pages=PagePush(Path("pushed/pages/7"), rate)))
    assert "pushed/pages/7" in page
    assert "On 9 test pages of pages-detector" in page
    assert "\N{MINUS SIGN}5.00 points" in page
    refused = render(bare(pages=PagePush(None, None, "a parent is too old")))
    assert "No page servable was pushed." in refused
    assert "a parent is too old" in refused
    assert "Whole pages" not in render(bare(pages=PagePush()))
