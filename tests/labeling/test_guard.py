"""Who may talk to the application."""

import pytest
from starlette.testclient import TestClient

from labeling.app import build_app
from labeling.settings import Settings
from schema.errors import InputError

TOKEN = "a-token-of-enough-letters"


def test_pages_carry_the_security_headers(enter):
    headers = enter().get("/").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_requests_of_other_sites_are_refused(enter, headers):
    browser = enter("")
    answer = browser.post("/who", data={"csrf": browser.csrf(), "who": "eve"}, headers=headers)
    assert answer.status_code == 403
    assert "eve" not in browser.get("/").text


def test_a_form_of_another_session_is_refused(enter):
    browser, other = enter(), enter()
    answer = browser.post("/who", data={"csrf": other.csrf(), "who": "eve"})
    assert answer.status_code == 403
    assert "eve" not in browser.get("/").text


def test_a_foreign_name_for_loopback_is_refused(enter):
    assert enter("").get("/", headers={"Host": "rebound.example"}).status_code == 421


def test_a_changed_cookie_is_a_new_session(enter):
    browser = enter("ada")
    [name] = browser.cookies
    content, _, signature = browser.cookies[name].partition(".")
    browser.cookies.clear()
    browser.cookies.set(name, f"{content[:-4]}AAAA.{signature}")
    assert "ada" not in browser.get("/").text


def test_without_the_token_nothing_is_shown_and_with_it_the_address_forgets_it(store):
    settings = Settings(host="192.0.2.1", token=TOKEN)
    browser = TestClient(build_app(store, settings), follow_redirects=False)
    assert browser.get("/").status_code == 401
    assert browser.get("/?token=wrong").status_code == 401
    assert browser.get("/static/style.css").status_code == 401
    shown = browser.get(f"/?token={TOKEN}")
    assert (shown.status_code, shown.headers["location"]) == (303, "/")
    assert browser.get("/").status_code == 200


def test_other_machines_need_a_token():
    with pytest.raises(InputError, match="expected a token for listening on"):
        Settings(host="0.0.0.0")
    with pytest.raises(InputError, match="at least 16 characters, got 5"):
        Settings(host="0.0.0.0", token="short")


def test_a_name_with_html_is_shown_as_text(enter):
    page = enter("<b>Ada</b>").get("/").text
    assert "<b>Ada" not in page
    assert "&lt;b&gt;Ada&lt;/b&gt;" in page


@pytest.mark.parametrize("who", ["", " ", "x" * 41, "a\u202eb"])
def test_an_unusable_name_is_told(enter, who):
    answer = enter("").submit("/who", who=who)
    assert answer.status_code == 422
    assert "expected a name or initials" in answer.text


def test_a_long_form_is_refused(enter):
    browser = enter()
    assert browser.submit("/who", who="x" * 70_000).status_code == 413
