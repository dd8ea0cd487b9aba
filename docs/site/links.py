"""Lets links between files of the repository lead to pages of the site."""

import os
import posixpath
import re
from pathlib import Path

_LINK = re.compile(
    r"(?P<fence>^```.*?^```)|\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s]+)\)", re.S | re.M
)
_ELSEWHERE = re.compile(r"[a-z]+:|#")


def follow_links(markdown: str, uri: str, sources: dict[str, str], root: Path) -> str:
    """Returns the page with its links made ready for the site.

    A link to a file that has no page becomes its name: the site holds no source code. One that
    leads nowhere is left as it is, so that a strict build fails on it.

    Args:
      markdown: the page; what stands between fences is left alone.
      uri: of the page.
      sources: file of the repository -> URI.
      root: the repository.
    """
    file = next((file for file, each in sources.items() if each == uri), uri)

    def follow(match: re.Match[str]) -> str:
        target = match["target"]
        if target is None or _ELSEWHERE.match(target):
            return match[0]
        path, hash_sign, anchor = target.partition("#")
        meant = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
        if meant in sources:
            there = os.path.relpath(sources[meant], posixpath.dirname(uri) or ".")
            return f"[{match['text']}]({there}{hash_sign}{anchor})"
        if (root / meant).exists():
            return match["text"] if meant in match["text"] else f"{match['text']} (`{meant}`)"
        return match[0]

    return _LINK.sub(follow, markdown)
