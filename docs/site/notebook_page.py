"""A notebook as a page: its text, and its cells as code."""

from pathlib import Path

import nbformat


def read_notebook(path: Path) -> str:
    """Returns the notebook as Markdown, with a word on how to run it under the title."""
    cells = nbformat.read(path, as_version=4).cells
    blocks = [
        cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```"
        for cell in cells
    ]
    title, _, rest = blocks[0].partition("\n")
    how = f"*This page is `notebooks/{path.name}`, to be run where `make run` was.*"
    return "\n\n".join([title, how, rest.strip(), *blocks[1:]]) + "\n"
