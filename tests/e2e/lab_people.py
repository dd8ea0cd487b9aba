"""People at the labelling application in a real browser: each function is a stretch of a walk."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from tests.labeling.keyboard import TEXT, TITLE, key, sign_in, write
from tests.serving.try_page.browser import Tab

AT_A_LINE = "document.readyState == 'complete' && document.activeElement?.id == 'text'"
AT_END = f"{TITLE} == 'Nothing waits for you'"
PICTURE = "document.getElementById('picture').getAttribute('src').split('/').pop()"
LINK = "document.querySelector('.lines a').click()"

# Pixels of the canvas, in the proportions of the pictures that the model has learned from.
_STEP, _LETTER, _BAR, _LEFT, _TOP = 16, 46, 21, 40, 90


def write_lines(tab: Tab, url: str, count: int, letters: str) -> None:
    """Agrees to the consent, and draws each text that is asked for with the mouse.

    A letter is a bar at its own height.
    """
    tab.open(f"{url}/gather")
    tab.run("document.getElementById('agree').click()")
    tab.run("document.querySelector('form button').click()")
    tab.wait_for("document.getElementById('skip')?.disabled === false")  # the script is there
    for number in range(1, count + 1):
        text = tab.run("document.getElementById('prompt').textContent")
        box = "document.getElementById('pad').getBoundingClientRect()"
        x, y, width = tab.run(f"(({{x, y, width}}) => [x, y, width])({box})")
        scale = width / 1600
        for place, letter in enumerate(text):
            left = _LEFT + _LETTER * place
            height = y + scale * (_TOP + _STEP * letters.index(letter))
            tab.drag((x + scale * left, height), (x + scale * (left + _BAR), height))
        tab.press("Enter")
        written = f"{number} line{'s' if number > 1 else ''} written."
        tab.wait_for(f"document.getElementById('status').textContent == '{written}'")


def ask_for_second(tab: Tab, url: str, count: int) -> None:
    """Has a second annotator asked for the most urgent lines, on the page of reviews."""
    tab.open(f"{url}/review")
    tab.run(f"document.getElementById('count').value = {count}")
    tab.run("document.querySelector('form[action=\"/review/second\"] button').click()")
    tab.wait_for("document.getElementById('asked') !== null")


def label_all(
    tab: Tab, url: str, who: str, truths: Mapping[str, str], wrong: int = 0
) -> dict[str, str]:
    """Labels all that waits for somebody, by keyboard.

    Args:
      tab: of the browser.
      url: of the application.
      who: sits before it.
      truths: what a picture says, by its SHA-256; others are confirmed as they stand.
      wrong: so many lines lose their last letter.

    Returns:
      The text that stood in the field first, by the picture's SHA-256.
    """
    sign_in(tab, url, who)
    tab.open(f"{url}/label")
    found = {}
    while tab.wait_for(f"({AT_END} && 'end') || ({AT_A_LINE} && 'line')") != "end":
        picture, name = tab.run(PICTURE), tab.run(TITLE)
        found[picture] = tab.run(TEXT)
        if picture in truths:
            text = truths[picture]
            write(tab, text[:-1] if len(found) <= wrong else text)
        key(tab, "Enter")
        tab.wait_for(f"document.readyState == 'complete' && {TITLE} != {json.dumps(name)}")
    return found


def decide(tab: Tab, url: str, who: str, truths: Mapping[str, str]) -> str:
    """Settles the one disputed line by keyboard; returns what the page of reviews then says."""
    sign_in(tab, url, who)
    tab.open(f"{url}/review")
    tab.run(LINK)
    tab.wait_for(AT_A_LINE)
    assert tab.run("document.querySelectorAll('.answers mark').length") > 0
    write(tab, truths[tab.run(PICTURE)])
    key(tab, "Enter")
    tab.wait_for("document.querySelector('.badge')?.textContent == 'accepted'")
    tab.open(f"{url}/review")
    shown: str = tab.run("document.getElementById('main').innerText")
    return shown


def export(tab: Tab, url: str) -> str:
    """Exports the next span; returns the command that the page says trains on it."""
    tab.open(f"{url}/export")
    tab.run("document.getElementById('export').click()")
    tab.wait_for("document.getElementById('done') !== null")
    command: str = tab.run("document.getElementById('retrain').textContent")
    return command


def try_model(tab: Tab, url: str, model: str, picture: Path) -> str:
    """Returns what the page to try a model on shows for a picture."""
    tab.open(f"{url}/?model={model}")
    tab.wait_for(
        "document.getElementById('model').value && document.getElementById('reads').textContent"
    )
    tab.choose_file("#file", picture)
    tab.wait_for("document.getElementById('status').textContent.includes(' read in ')")
    text: str = tab.run("document.querySelector('.text').textContent")
    return text


def name_of(picture: bytes) -> str:
    """Returns what the application calls a picture."""
    return hashlib.sha256(picture).hexdigest()
