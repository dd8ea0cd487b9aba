"""Keeps labelled lines as spans: numbered deliveries of data, each in numbered versions.

What labelling writes and the ExampleGens read, in the folder form `span-{SPAN}/version-{VERSION}`
of TFX. A version is a folder of lines (`line_folder.py`) and a manifest with the hash of each
file, which is checked at every use. Lines that came of requests to a served model have their
origins beside them: the lineage leads from a request to its label to the model that learned it.
"""

import json
import os
import re
import shutil
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pipeline.ingest.download import hash_file
from pipeline.ingest.line_folder import TEXT_SUFFIX, plan_line_folder, write_line_folder
from pipeline.ingest.records import LineRecord, Problems
from pipeline.ingest.units import Unit, read_pictures
from schema.errors import InputError

SOURCE = "labeled"
SPAN_PATTERN = "span-{SPAN}/version-{VERSION}/*"
"""What TFX's ExampleGens are given as pattern."""
MANIFEST_FILE = "manifest.json"
MANIFEST_FORMAT = 1
ORIGINS_FILE = "origins.json"
"""Line id -> the request that it came in with, as `serving.monitor.label_queue.Origin` has it."""
WRITERS_FILE = "writers.json"
"""Line id -> an id of its writer without personal data, so that splits share no writer."""

_SPAN_NAME = re.compile(r"span-(0|[1-9]\d{0,8})")
_VERSION_NAME = re.compile(r"version-(0|[1-9]\d{0,8})")
_TEMPORARY = ".unfinished-"


@dataclass(frozen=True, order=True)
class Span:
    """One version of one span, and where it is."""

    number: int
    version: int
    path: Path


def find_spans(root: Path) -> list[Span]:
    """Returns all versions of all spans, ordered by number and version; other folders stay out."""
    if not root.is_dir():
        return []
    return sorted(
        Span(int(span[1]), int(version[1]), path / inner.name)
        for path in root.iterdir()
        if (span := _SPAN_NAME.fullmatch(path.name)) and path.is_dir()
        for inner in path.iterdir()
        if (version := _VERSION_NAME.fullmatch(inner.name)) and inner.is_dir()
    )


def choose_spans(root: Path, first: int | None = None, last: int | None = None) -> list[Span]:
    """Returns the latest version of each span of a range.

    Args:
      root: the folder of all spans.
      first: the range's beginning; None for the first there is.
      last: its end, included; None for the last there is. With neither end, only the latest span
        is taken.

    Raises:
      InputError: no span in the range.
    """
    latest = {span.number: span for span in find_spans(root)}  # ordered: the last version stays
    if first is None and last is None:
        chosen = [latest[max(latest)]] if latest else []
    else:
        chosen = [
            span
            for number, span in latest.items()
            if (first is None or number >= first) and (last is None or number <= last)
        ]
    if not chosen:
        ends = ["any" if end is None else str(end) for end in (first, last)]
        raise InputError(
            f"expected a span from {ends[0]} to {ends[1]}, got "
            f"{', '.join(map(str, latest)) or 'none'} in {root}: export labelled lines first, or "
            "choose others"
        )
    return chosen


def write_span(
    records: Iterable[LineRecord],
    root: Path,
    tool: str,
    number: int | None = None,
    origins: Mapping[str, Mapping[str, Any]] | None = None,
    writers: Mapping[str, str] | None = None,
) -> Span:
    """Writes lines as the next span, or as the next version of a span.

    The version appears whole or not at all, and nothing that is there is touched. The manifest
    names no person, and neither may the lines' ids: they become file names. What records say of
    their writers is left out.

    Args:
      records: at least one line.
      root: the folder of all spans; made if it is missing.
      tool: name and version of the program that made the data.
      number: the span to write a new version of; a new span by default.
      origins: of lines that came of requests, by their ids, for `ORIGINS_FILE`.
      writers: ids without personal data, by ids of lines, for `WRITERS_FILE`.

    Raises:
      InputError: no lines, or lines that cannot be written.
    """
    if number is not None and not _SPAN_NAME.fullmatch(f"span-{number}"):
        raise InputError(f"expected a span number from 0 to 999999999, got {number}: correct it")
    unfinished = root / f"{_TEMPORARY}{uuid.uuid4().hex}"
    try:
        unfinished.mkdir(parents=True)
        lines = write_line_folder(records, unfinished)
        if not lines:
            raise InputError(f"expected labelled lines for a span in {root}, got none: label some")
        for name, facts in ((ORIGINS_FILE, origins), (WRITERS_FILE, writers)):
            if facts:
                told = json.dumps(dict(facts), indent=1, ensure_ascii=False) + "\n"
                (unfinished / name).write_text(told, encoding="utf-8")
        manifest = {
            "format": MANIFEST_FORMAT,
            "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "tool": tool,
            "lines": lines,
            "files": _hash_files(unfinished),
        }
        content = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (unfinished / MANIFEST_FILE).write_text(content, encoding="utf-8")
        return _place(unfinished, root, number)
    except OSError as error:
        raise InputError(
            f"expected to write a span in {root}, got {error.strerror} ({error.filename}): "
            "give a folder with room that may be written"
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def read_span(span: Span, problems: Problems) -> Iterator[LineRecord]:
    """Yields the lines of a span after checking it; ids begin with the span, as in "span-3/x".

    Raises:
      InputError: the files are not those of the manifest, or too many problems.
    """
    units = plan_span(span, problems)
    return _read_units(span, units, problems)


def plan_span(span: Span, problems: Problems) -> Iterator[Unit]:
    """Yields the lines of a span, after checking it, without reading pictures.

    Raises:
      InputError: the files are not those of the manifest, or not as `write_span` wrote them.
    """
    verify_span(span)
    prefix = f"span-{span.number}/"
    writers = {f"{prefix}{line}": writer for line, writer in _read_writers(span).items()}
    units = plan_line_folder(span.path, problems, prefix=prefix)
    return (_with_writers(unit, writers) for unit in units)


def _with_writers(unit: Unit, writers: Mapping[str, str]) -> Unit:
    lines = (replace(line, writer=writers.get(line.sample_id)) for line in unit.lines)
    return replace(unit, lines=tuple(lines))


def _read_writers(span: Span) -> dict[str, str]:
    path = span.path / WRITERS_FILE
    if not path.is_file():
        return {}
    writers = _read_json(path)
    if not isinstance(writers, dict) or not all(isinstance(w, str) for w in writers.values()):
        raise InputError(
            f"expected the id of each line's writer, got something else at {path}: restore the span"
        )
    return writers


def describe_span(span: Span) -> str:
    """Names a span, and the versions of the models whose requests it came of.

    Raises:
      InputError: its origins are not as `write_span` wrote them.
    """
    name = f"span {span.number} version {span.version}"
    path = span.path / ORIGINS_FILE
    if not path.is_file():
        return name
    try:
        origins = json.loads(path.read_text(encoding="utf-8")).values()
        answered = Counter(f"{each['model']} {each['version']}" for each in origins)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"expected the origins of a span's lines, got {type(error).__name__} ({error}) at "
            f"{path}: restore the span"
        ) from None
    told = ", ".join(f"{count} to {model}" for model, count in sorted(answered.items()))
    return f"{name} (lines of requests: {told})"


def verify_span(span: Span) -> None:
    """Compares a span with its manifest.

    Raises:
      InputError: no manifest, or changed, missing or extra files, which are named.
    """
    manifest = _read_manifest(span.path / MANIFEST_FILE)
    listed, found = manifest["files"], _hash_files(span.path)
    differences = {
        "changed": [name for name in listed if name in found and found[name] != listed[name]],
        "missing": [name for name in listed if name not in found],
        "extra": [name for name in found if name not in listed],
    }
    named = "; ".join(
        f"{len(names)} {kind} ({', '.join(sorted(names)[:3])})"
        for kind, names in differences.items()
        if names
    )
    if named:
        raise InputError(
            f"expected the files of {MANIFEST_FILE}, got {named} in {span.path}: "
            "restore the span, or export it anew as the next version"
        )
    texts = sum(name.endswith(TEXT_SUFFIX) for name in listed)
    if manifest["lines"] != texts:
        raise InputError(
            f"expected {manifest['lines']} lines as {MANIFEST_FILE} says, got {texts} in "
            f"{span.path}: restore the span"
        )


def _read_units(span: Span, units: Iterable[Unit], problems: Problems) -> Iterator[LineRecord]:
    for unit in units:
        yield from read_pictures(span.path, unit, SOURCE, problems)
    problems.finish()


def _place(unfinished: Path, root: Path, number: int | None) -> Span:
    """Moves a finished version to its place; where another one was quicker, to the next."""
    while True:
        spans = find_spans(root)
        if number is None:
            # TFX counts spans from 0; people count deliveries from 1.
            place, version = max((span.number for span in spans), default=0) + 1, 1
        else:
            place = number
            version = max((s.version for s in spans if s.number == number), default=0) + 1
        path = root / f"span-{place}" / f"version-{version}"
        path.parent.mkdir(exist_ok=True)
        try:
            # Never replaces a version: it is a folder with files, which no move goes over.
            os.rename(unfinished, path)  # noqa: PTH104, Path.rename is the same and hides it
        except OSError:
            if not path.is_dir():
                raise
            continue
        return Span(place, version, path)


def _hash_files(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of each file below a folder but the manifest; links are refused."""
    hashes = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise InputError(
                f"expected plain files in a span, got the link {name} in {folder}: restore the span"
            )
        if path.is_file() and name != MANIFEST_FILE:
            hashes[name] = hash_file(path)
    return hashes


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"expected JSON, got {error} at {path}: restore the span") from None


def _read_manifest(path: Path) -> dict:
    manifest = _read_json(path)
    if (
        not isinstance(manifest, dict)
        or manifest.get("format") != MANIFEST_FORMAT
        or not isinstance(manifest.get("files"), dict)
        or not isinstance(manifest.get("lines"), int)
    ):
        raise InputError(
            f"expected a manifest of format {MANIFEST_FORMAT} with files and lines, got "
            f"something else in {path}: restore the span, or update this program"
        )
    return manifest
