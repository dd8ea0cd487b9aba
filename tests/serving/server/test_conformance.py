import ast
import re
from pathlib import Path

from serving.server.flags import REFUSED

TESTS = Path(__file__).parent
TABLE = TESTS.parents[2] / "docs" / "serving-conformance.md"
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_row_names_a_test_that_exists() -> None:
    rows = [
        line
        for line in TABLE.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and "---" not in line and not line.endswith("| test |")
    ]
    assert len(rows) > 60
    for row in rows:
        (named,) = NAMED.findall(row)
        assert named[1] in names_in(TESTS / named[0]), row


def test_what_is_refused_says_why() -> None:
    assert all(reason and "\n" not in reason for reason in REFUSED.values())
