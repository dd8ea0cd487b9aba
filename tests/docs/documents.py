"""Finds the project's documents, their links and the commands in their code blocks."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_ENDS = re.compile(r"[;|&()]+|>+|<")


@dataclass(frozen=True)
class Command:
    """A command of a document.

    Args:
      page: where it stands, relative to the repository.
      words: as the shell would split it, from the program on.
    """

    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.words)}"


def find_links(text):
    """Returns the targets of a page's links, those outside the project apart."""
    prose = _FENCE.sub("", text)
    return [each for each in _LINK.findall(prose) if not re.match(r"[a-z]+:|#", each)]


def find_commands(text, page):
    """Returns the commands in a page's blocks of shell code."""
    for language, block in _FENCE.findall(text):
        if language == "sh":
            for line in block.replace("\\\n", " ").splitlines():
                yield from _split(line, page)


def _split(line, page):
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.commenters = "#"
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return  # a quotation over several lines holds no command of ours
    command = []
    for word in [*words, ";"]:
        if _ENDS.fullmatch(word):
            if command:
                yield Command(page, tuple(command))
            command = []
        else:
            command.append(word)
