"""Finds the log files that a user means."""

from collections.abc import Sequence
from pathlib import Path

from schema.errors import InputError


def find_logs(paths: Sequence[Path]) -> list[str]:
    """Returns the files that paths name, each once, in order.

    Args:
      paths: files, or folders all of whose files are taken, those of their folders too; names that
        begin with a dot are left out.

    Raises:
      InputError: a path does not exist, or there are no files.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise InputError(
                f"expected log files or a folder of them, got nothing at {path}: correct the path, "
                "or see that the server's logging_config has it as filename_prefix"
            )
        inside = (
            sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        )
        for file in inside:
            if file == path or not any(
                part.startswith(".") for part in file.relative_to(path).parts
            ):
                found[file.resolve()] = None
    if not found:
        named = ", ".join(map(str, paths)) or "no paths"
        raise InputError(
            f"expected log files, got none in {named}: see that the server logs requests "
            "(logging_config with a sampling_rate above 0)"
        )
    return [str(file) for file in found]
