"""The notebooks hold no outputs and no logic of their own, and each runs from top to bottom."""

import ast
import re

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from tests.e2e.bar_runs import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_LINES = 12
"""Of a cell; imports apart."""

LOGIC = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.While, ast.Try)
PIPELINE = "emnist-lines"


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def parse(cell):
    return ast.parse(re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_clean_and_has_no_logic_of_its_own(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    for cell in cells(path, "code"):
        assert cell.outputs == []
        assert cell.execution_count is None
        body = parse(cell).body
        rest = [each for each in body if not isinstance(each, ast.Import | ast.ImportFrom)]
        assert not any(isinstance(node, LOGIC) for each in rest for node in ast.walk(each))
        assert not rest or rest[-1].end_lineno - rest[0].lineno < MOST_LINES, cell.source
        assert not re.search(r"""["'](/|~|[A-Z]:\\)""", cell.source), "an absolute path"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_reads_as_a_page(path):
    told = cells(path, "markdown")
    assert told[0].source.startswith(f"# {path.stem[0]}. ")
    assert len(told) >= 4
    imported = [cell for cell in cells(path, "code") if "import " in cell.source]
    assert len(imported) == 1, "imports stand in one cell"


@pytest.fixture(scope="module")
def workspace(first, command):
    """What a run leaves."""
    status, _, done = first
    assert status == 0, done.stderr
    return command.workspace


@pytest.fixture(scope="module")
def kernel():
    """One kernel for all, so that TensorFlow is imported once; names do not stay."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(ROOT / "notebooks"))
    yield manager
    manager.shutdown_kernel(now=True)


def prepare(path, given):
    """Sets parameters and forgets what an earlier notebook named."""
    book = nbformat.read(path, as_version=4)
    [place] = [
        number
        for number, cell in enumerate(book.cells)
        if "parameters" in cell.metadata.get("tags", ())
    ]
    known = {target.id for each in parse(book.cells[place]).body for target in each.targets}
    chosen = "\n".join(f"{name} = {given[name]!r}" for name in given if name in known)
    book.cells.insert(place + 1, nbformat.v4.new_code_cell(chosen))
    begin = f"%reset -f\n%cd -q {ROOT / 'notebooks'}"
    book.cells.insert(0, nbformat.v4.new_code_cell(begin))
    return book


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path, workspace, kernel, iam_copy):
    given = {"WORKSPACE": str(workspace), "PIPELINE": PIPELINE, "IAM": str(iam_copy), "STEPS": 4}
    book = prepare(path, given)
    NotebookClient(book, km=kernel, timeout=240).execute(reset_kc=False)
    shown = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert shown
    assert not [each for each in shown if each.output_type == "error"]
