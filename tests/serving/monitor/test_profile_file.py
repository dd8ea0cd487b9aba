import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from schema.errors import InputError
from serving.monitor.accumulator import profile_of
from serving.monitor.logged_request import PAGES, LoggedRequest, RecordId
from serving.monitor.measuring import measure
from serving.monitor.observe_settings import ObserveSettings
from serving.monitor.profile import FileProblem, LogSummary
from serving.monitor.profile_file import (
    load_profile,
    profile_from_json,
    profile_to_json,
    save_profile,
    summary_from_json,
    summary_to_json,
)
from tests.serving.monitor.request_logs import NOON, draw_picture

REQUEST = LoggedRequest(
    RecordId("log", 3, 1), "pages", None, NOON, 1.0, draw_picture(), PAGES, "é\nb", 0.5,
    ((1.0, 2.0, 3.0, 4.0),), 12.5,
)  # fmt: skip
BARE = LoggedRequest(RecordId("log", 9), "pages", None, NOON, 1.0, b"\xff", None, None, None)
PROFILE = replace(
    profile_of([measure(REQUEST), measure(BARE)], ObserveSettings()),
    embeddings=np.array([[0.5, 1.0]], np.float32),
    edits=np.array([1]),
)


def test_a_profile_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "day"
    save_profile(PROFILE, path)
    loaded = load_profile(path)
    assert profile_to_json(loaded) == profile_to_json(PROFILE)
    assert loaded.sampled == PROFILE.sampled
    assert loaded.first == PROFILE.first
    np.testing.assert_array_equal(loaded.embeddings, PROFILE.embeddings)
    for name, values in PROFILE.sampled_numbers.items():
        np.testing.assert_array_equal(loaded.sampled_numbers[name], values)


def test_the_json_has_no_numbers_that_json_lacks() -> None:
    text = json.dumps(profile_to_json(PROFILE), allow_nan=False)
    assert json.dumps(profile_to_json(profile_from_json(json.loads(text)))) == text


def test_a_summary_comes_back_as_it_was() -> None:
    summary = LogSummary(2, 9, {"other": 1}, (FileProblem("log", 3, "cut off", 7),), 4, 11)
    assert summary_from_json(json.loads(json.dumps(summary_to_json(summary)))) == summary


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "day"
    save_profile(PROFILE, path)
    whole = path.read_bytes()
    for content in (b"", b"{}", whole[:-20], whole[:40]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"expected the profile of a window.*day: delete"):
            load_profile(path)
    with pytest.raises(InputError, match="FileNotFoundError"):
        load_profile(tmp_path / "none")
