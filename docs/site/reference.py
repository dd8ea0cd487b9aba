"""Which modules the reference shows: what other code may build on, a page for each."""

from pathlib import Path

SECTIONS = {
    "schema: what the data is": ("schema",),
    "transforms: pure functions": ("transforms",),
    "serving: contract and clients": ("serving", "serving/client"),
    "serving: monitoring": ("serving/monitor",),
    "trainer_module: training": (
        "trainer_module",
        "trainer_module/tasks",
        "trainer_module/networks",
        "trainer_module/hyperparameters",
        "trainer_module/tuning",
        "trainer_module/tracking",
    ),
    "pipeline: stages and gate": ("pipeline", "pipeline/evaluation", "pipeline/models"),
    "pipeline: ingestion": ("pipeline/ingest", "pipeline/ingest/pages"),
    "labeling": ("labeling",),
}
"""Title -> folders whose modules are shown."""


def module_pages(root: Path) -> dict[str, str]:
    """Returns the URI of each page of the reference -> its module, dotted."""
    return {
        uri: _dotted(root, path)
        for folders in SECTIONS.values()
        for folder in folders
        for path, uri in _pages(root, folder)
    }


def reference_nav(root: Path) -> list[dict[str, list[str]]]:
    """Returns the reference's part of the navigation."""
    return [
        {
            title: [
                {_label(root, path): uri}
                for folder in folders
                for path, uri in _pages(root, folder)
            ]
        }
        for title, folders in SECTIONS.items()
    ]


def module_page(module: str) -> str:
    """Returns the page of a module, which mkdocstrings fills from its docstrings."""
    return f"# `{module}`\n\n::: {module}\n"


def _pages(root: Path, folder: str) -> list[tuple[Path, str]]:
    return [
        (path, f"reference/{path.relative_to(root).with_suffix('.md').as_posix()}")
        for path in sorted((root / folder).glob("*.py"))
        if path.stem != "__init__" and path.stem != "__main__"
    ]


def _dotted(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts)


def _label(root: Path, path: Path) -> str:
    """Returns the module's name without its package's, which the section's title has."""
    return _dotted(root, path).partition(".")[2]
