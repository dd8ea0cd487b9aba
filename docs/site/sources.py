"""Which file of the repository is which page of the site."""

from collections.abc import Iterable
from pathlib import Path

from reference import module_pages

PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""File -> page, of those that do not lie in docs/."""


def site_sources(root: Path, uris: Iterable[str]) -> dict[str, str]:
    """Returns the file of the repository behind each page or other file of the site -> its URI.

    Args:
      root: the repository.
      uris: of all that the site has.
    """
    made = {page: source for source, page in PAGES.items()}
    made |= {uri: module.replace(".", "/") + ".py" for uri, module in module_pages(root).items()}
    return {_source(uri, made): uri for uri in uris}


def _source(uri: str, made: dict[str, str]) -> str:
    folder, _, name = uri.rpartition("/")
    if folder == "notebooks":
        return uri.removesuffix(".md") + ".ipynb"
    if folder == "results":
        return f"benchmarks/results/{name}"
    return made.get(uri, f"docs/{uri}")
