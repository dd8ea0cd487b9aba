"""Profiles of windows as JSON, the pictures they keep included.

What moves between the workers and who watches; whoever wants yesterday's profile tomorrow, when the
server has deleted its log, keeps it with `save_profile`.
"""

import base64
import gzip
import json
import math
from dataclasses import asdict, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from schema.errors import InputError
from serving.monitor.logged_request import LoggedRequest, MeasuredRequest, RecordId
from serving.monitor.profile import FileProblem, LogSummary, NumberSummary, WindowProfile
from serving.whole_file import write_whole

SUFFIX = ".profile.json.gz"
_FORMAT = 1
_TIMES = ("window_start", "window_end", "first", "last")
_REQUESTS = ("sampled", "unsurest", "oddest")
_ARRAYS = ("edits", "characters")
_PLAIN = (
    "model",
    "version",
    "kind",
    "requests",
    "estimated_requests",
    "unsure",
    "judged",
    "problems",
    "categories",
)


def save_profile(profile: WindowProfile, path: Path) -> None:
    """Writes a profile, whole or not at all.

    Raises:
      OSError: it could not be written.
    """
    content = json.dumps({"format": _FORMAT} | profile_to_json(profile)).encode()
    write_whole(path, gzip.compress(content, 6, mtime=0))


def load_profile(path: Path) -> WindowProfile:
    """Reads what `save_profile` wrote.

    Raises:
      InputError: it is something else, or damaged.
    """
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
        if content["format"] != _FORMAT:
            raise ValueError(f"format {content['format']}, not {_FORMAT}")
        return profile_from_json(content)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"expected the profile of a window, got {type(error).__name__} ({error}) in {path}: "
            "delete the file and look at the logs again"
        ) from None


def profile_to_json(profile: WindowProfile) -> dict[str, Any]:
    """Returns what `json.dumps` takes; `profile_from_json` is the inverse."""
    content: dict[str, Any] = {name: getattr(profile, name) for name in _PLAIN}
    content |= {name: getattr(profile, name).timestamp() for name in _TIMES}
    content |= {name: getattr(profile, name).tolist() for name in _ARRAYS}
    content |= {
        name: [_request_to_json(each) for each in getattr(profile, name)] for name in _REQUESTS
    }
    content["counts"] = {name: counts.tolist() for name, counts in profile.counts.items()}
    content["numbers"] = {name: asdict(summary) for name, summary in profile.numbers.items()}
    content["sampled_numbers"] = {
        name: [None if math.isnan(each) else each for each in values.tolist()]
        for name, values in profile.sampled_numbers.items()
    }
    vectors = profile.embeddings
    content["embeddings"] = None if vectors is None else vectors.tolist()
    return content


def profile_from_json(content: dict[str, Any]) -> WindowProfile:
    """Returns the profile of what `profile_to_json` made.

    Raises:
      KeyError, TypeError, ValueError: it is something else.
    """
    vectors = content["embeddings"]
    plain: dict[str, Any] = {name: content[name] for name in _PLAIN}
    plain |= {name: datetime.fromtimestamp(content[name], timezone.utc) for name in _TIMES}
    plain |= {name: np.array(content[name], np.int64) for name in _ARRAYS}
    plain |= {name: tuple(map(_request_from_json, content[name])) for name in _REQUESTS}
    return WindowProfile(
        **plain,
        counts={name: np.array(each, np.int64) for name, each in content["counts"].items()},
        numbers={name: NumberSummary(**each) for name, each in content["numbers"].items()},
        sampled_numbers={
            name: np.array([np.nan if value is None else value for value in each], np.float64)
            for name, each in content["sampled_numbers"].items()
        },
        embeddings=None if vectors is None else np.array(vectors, np.float32),
    )


def summary_to_json(summary: LogSummary) -> dict[str, Any]:
    """Returns what `json.dumps` takes; `summary_from_json` is the inverse."""
    return asdict(summary)


def summary_from_json(content: dict[str, Any]) -> LogSummary:
    """Returns the summary of what `summary_to_json` made."""
    problems = tuple(FileProblem(**each) for each in content["problems"])
    return LogSummary(**(content | {"problems": problems}))


def _request_to_json(measured: MeasuredRequest) -> dict[str, Any]:
    request = {each.name: getattr(measured.request, each.name) for each in fields(LoggedRequest)}
    request["record"] = asdict(measured.request.record)
    request["image"] = base64.b64encode(measured.request.image).decode()
    return {"request": request, "values": measured.values, "problems": measured.problems}


def _request_from_json(content: dict[str, Any]) -> MeasuredRequest:
    request = dict(content["request"])
    request["record"] = RecordId(**request["record"])
    request["image"] = base64.b64decode(request["image"])
    if request["boxes"] is not None:
        request["boxes"] = tuple(map(tuple, request["boxes"]))
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in content["values"].items()
    }
    return MeasuredRequest(LoggedRequest(**request), values, tuple(content["problems"]))
