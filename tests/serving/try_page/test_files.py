import re
from pathlib import Path

from serving import try_page
from serving.try_page import find_file

FOLDER = Path(try_page.__file__).parent
FILES = sorted(file.name for file in FOLDER.iterdir() if file.suffix in (".html", ".css", ".js"))


def test_the_root_is_the_page_and_nothing_else_is_there() -> None:
    assert find_file("/") == find_file("/index.html")
    assert find_file("/").content_type == "text/html; charset=utf-8"
    for path in ("/__init__.py", "/try", "", "/../__init__.py", "//main.js", "/main.js/"):
        assert find_file(path) is None


def test_every_reference_is_a_file_of_the_page() -> None:
    for name in FILES:
        content = find_file(f"/{name}").content.decode()
        used = re.findall(r'(?:src|href|from)[ =]"(?!data:)([^"]+)"', content)
        assert {reference.removeprefix("./") for reference in used} <= set(FILES), name
        assert not re.findall(r"https?://(?!host:8501|www\.w3\.org/2000/svg)", content), name
