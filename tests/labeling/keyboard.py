"""What people do at the labelling application in a real browser: names, keys and texts."""

import json

from tests.serving.try_page.browser import Tab

ALT = 1
TITLE = "document.getElementById('title').textContent"
TEXT = "document.getElementById('text').value"


def sign_in(tab: Tab, url: str, who: str) -> None:
    """Says on the first page who sits before the browser."""
    tab.open(f"{url}/")
    tab.run(f"document.getElementById('name').value = {json.dumps(who)}")
    tab.run("document.querySelector('#who button').click()")
    tab.wait_for(f"document.querySelector('.who')?.textContent == {json.dumps(who)}")


def key(tab: Tab, name: str, code: str = "", modifiers: int = 0) -> None:
    """Presses a key, Alt with it where it is given as modifier."""
    typed = {"Enter": "\r"}.get(name, "" if modifiers else name)
    number = 13 if name == "Enter" else ord(name.upper()[0])
    for kind in ("keyDown", "keyUp"):
        tab.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=name,
            code=code or f"Key{name.upper()}",
            modifiers=modifiers,
            windowsVirtualKeyCode=number,
            text=typed if kind == "keyDown" else "",
        )


def alt(tab: Tab, name: str, code: str = "") -> None:
    key(tab, name, code, ALT)


def write(tab: Tab, text: str) -> None:
    """Replaces what is in the field."""
    tab.run("document.getElementById('text').select()")
    tab.call("Input.insertText", text=text)


def wait_for_line(tab: Tab, name: str) -> None:
    """Waits until a line is shown and its field has the cursor."""
    shown = f"document.readyState == 'complete' && {TITLE} == {json.dumps(name)}"
    tab.wait_for(f"{shown} && document.activeElement?.id == 'text'")
