"""Hashes of source code and files, for the cache to notice what TFX does not see.

With entry points given as dotted paths, TFX's cache key names the function but not its code
(docs/decisions/0002); these hashes go into it.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def hash_source(*parts: str) -> str:
    """Hashes the files of packages or single modules.

    Args:
      parts: paths from the project root, as in "transforms" or "serving/export.py".

    Raises:
      FileNotFoundError: a part does not exist.
    """
    return hash_files(
        path
        for part in sorted(parts)
        for path in _files_below(PROJECT_ROOT / part)
        if path.suffix in {".py", ".pbtxt"}
    )


def hash_files(paths: Iterable[Path]) -> str:
    """Hashes names and contents; 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}\0".encode())
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _files_below(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"expected source code at {path}")
    return sorted(path.rglob("*"))
