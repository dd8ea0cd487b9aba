"""Hashes of source code and files, for the cache to notice what TFX does not see.

With entry points given as dotted paths, TFX's cache key names the function but not its code
(docs/decisions/0002); these hashes go into it.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def hash_code(module: str, *data_files: Path) -> str:
    """Hashes a module with all that it imports of the project, and data files that it reads.

    Args:
      module: dotted name of the entry point, as in "trainer_module.run_fn".
      data_files: what else decides its output.

    Raises:
      ModuleNotFoundError: the project has no such module.
    """
    return hash_files([*sorted(find_sources(module)), *data_files])


def find_sources(module: str) -> set[Path]:
    """Returns the files of a module and of every project module that it leads to."""
    found: set[Path] = set()
    ahead = _locate(module)
    if not ahead:
        raise ModuleNotFoundError(f"expected a module of the project, got {module!r}")
    while ahead:
        path = ahead.pop()
        if path not in found:
            found.add(path)
            ahead |= {source for name in _imported(path) for source in _locate(name)}
    return found


def hash_files(paths: Iterable[Path]) -> str:
    """Hashes names and contents; 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}\0".encode())
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def hash_listing(folder: Path) -> str:
    """Hashes paths, sizes and times of change of all files below a folder: quick, not content."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _imported(path: Path) -> Iterator[str]:
    """Yields the dotted names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            # "from package import module" names a module as well.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _locate(name: str) -> set[Path]:
    """Returns the file of a project module and of the packages around it; none for others."""
    parts = name.split(".")
    base = PROJECT_ROOT.joinpath(*parts)
    file = next(filter(Path.is_file, (base.with_suffix(".py"), base / "__init__.py")), None)
    if file is None:
        return set()
    packages = (PROJECT_ROOT.joinpath(*parts[:depth]) for depth in range(1, len(parts)))
    return {file, *(init for folder in packages if (init := folder / "__init__.py").is_file())}
