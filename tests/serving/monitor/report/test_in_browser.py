from itertools import pairwise

import pytest

from serving.monitor.report.render import write_report
from tests.serving.try_page.browser import find_browser, open_browser

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture(scope="module")
def report(full, tmp_path_factory):
    return write_report(full, tmp_path_factory.mktemp("report") / "report.html").as_uri()


@pytest.mark.parametrize("width", [360, 1000])
def test_it_fits_and_everything_in_it_is_drawn(browser, report, width):
    browser.open(report, width=width)
    assert browser.run("document.documentElement.scrollWidth <= window.innerWidth")
    assert browser.run("[...document.images].every(image => image.complete && image.naturalWidth)")
    empty = "[...document.querySelectorAll('svg')].filter(e => !e.getBoundingClientRect().height)"
    assert browser.run(f"{empty}.length") == 0
    assert browser.run("performance.getEntriesByType('resource').length") == 0


def test_headings_lead_through_it_in_order(browser, report):
    browser.open(report)
    levels = browser.run("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_all_that_scrolls_can_be_reached_by_the_keyboard(browser, report):
    browser.open(report, width=360)
    hidden = browser.run(
        "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1"
        " && getComputedStyle(e).overflowX == 'auto' && e.tabIndex < 0).length"
    )
    assert hidden == 0


def test_text_has_contrast_in_light_and_dark(browser, report):
    for scheme in ("light", "dark"):
        browser.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        browser.open(report)
        ratios = browser.run(_RATIOS)
        assert min(ratios.values()) >= 4.5, (scheme, ratios)


_RATIOS = """(() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number)
    .map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const found = {};
  for (const name of ['h1', '.quiet', '.legend', '.flag', 'td', 'figcaption', '.state-fine', 'a']) {
    const element = document.querySelector(name);
    if (!element) continue;
    const ink = light(getComputedStyle(element).color);
    found[name] = (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05);
  }
  return found;
})()"""
