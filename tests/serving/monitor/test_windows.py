import gzip
from pathlib import Path

import pytest

from schema import request_features
from schema.errors import InputError
from serving.monitor.accumulator import profile_of
from serving.monitor.bins import NumberBins
from serving.monitor.find_logs import find_logs
from serving.monitor.log_files import CUT_OFF, NOT_A_LOG, frame_record
from serving.monitor.log_reading import read_log
from serving.monitor.logged_request import LoggedRequest
from serving.monitor.measuring import measure
from serving.monitor.observe_settings import ObserveSettings
from serving.monitor.profile import CLOCK_BACK, MOST_PROBLEMS, FileProblem, LogSummary, Observation
from serving.monitor.profile_file import profile_to_json
from serving.monitor.windows import IN_PROCESS, observe
from tests.serving.monitor.request_logs import (
    DAY,
    NOON,
    draw_picture,
    new_log,
    predicted,
    write_log,
)

PICTURES = [draw_picture(number) for number in range(3)]
SETTINGS = ObserveSettings(
    bins={request_features.CONFIDENCE: NumberBins((0.3, 0.6))}, low_confidence=0.5, sampled=4
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions, a day without requests, and all that can be wrong with a file."""
    folder = tmp_path_factory.mktemp("logs")
    one = [predicted(PICTURES, "abc", [0.1, 0.5, 0.9], NOON + minute) for minute in range(3)]
    write_log(folder / "a", [*one, predicted(PICTURES[:1], "d", [0.5], NOON, version=8)])
    timeless = predicted(PICTURES[:1], "i", [0.5], 0, model="timeless")
    write_log(folder / "time", [timeless, predicted(PICTURES[:1], "j", [0.5], model="timeless")])
    later = predicted(PICTURES[:1], "e", [0.5], NOON + 3 * DAY)
    write_log(folder / "b", [later, predicted(PICTURES[:1], "f", [0.5], NOON + 2 * DAY)])
    cut = frame_record(one[0].SerializeToString())[:-3]
    write_log(folder / "cut", [new_log(), predicted(PICTURES[:1], "g", [0.5]), cut])
    (folder / "README").write_text("What this is.")
    (folder / ".hidden").write_text("Nothing to see.")
    packed = write_log(folder / "packed", [predicted(PICTURES[:1], "h", [0.5], model="other")])
    packed.write_bytes(gzip.compress(packed.read_bytes()))
    return folder


@pytest.fixture(scope="module")
def observation(folder: Path) -> Observation:
    return observe([*find_logs([folder]), str(folder / "gone")], SETTINGS)


def test_each_version_and_window_has_its_profile(observation: Observation) -> None:
    told = [
        (each.model, each.version, (each.window_start.timestamp() - NOON) / DAY, each.requests)
        for each in observation.profiles
    ]
    assert told == [
        ("lines", 7, -0.5, 10),
        ("lines", 8, -0.5, 1),
        ("lines", 7, 1.5, 1),
        ("lines", 7, 2.5, 1),
        ("other", 7, -0.5, 1),
        ("timeless", 7, -20_000.5, 1),
        ("timeless", 7, -0.5, 1),
    ]


def test_a_profile_is_what_its_requests_make(folder: Path, observation: Observation) -> None:
    rows = []
    for name in ("a", "cut"):
        with (folder / name).open("rb") as stream:
            found = list(read_log(stream, str(folder / name)))
        rows += [
            measure(each) for each in found if isinstance(each, LoggedRequest) and each.version == 7
        ]
    assert profile_to_json(observation.profiles[0]) == profile_to_json(profile_of(rows, SETTINGS))


def test_a_day_without_requests_is_told(observation: Observation) -> None:
    # Between a time that nobody believes and the others there was no quiet.
    (quiet,) = observation.quiet
    assert quiet.model == "lines"
    assert (quiet.start.timestamp(), quiet.end.timestamp()) == (
        NOON + DAY / 2,
        NOON + 1.5 * DAY,
    )


def test_a_clock_that_jumps_back_is_told(observation: Observation) -> None:
    assert [each.problems.get(CLOCK_BACK, 0) for each in observation.profiles] == [
        0,
        0,
        1,
        0,
        0,
        0,
        0,
    ]


def test_what_could_not_be_read_is_accounted_for(folder: Path, observation: Observation) -> None:
    assert (observation.files, observation.records) == (7, 11)
    assert observation.unusable == {"a request of another kind than Predict or Classify (None)": 1}
    problems = [(Path(each.file).name, each.message) for each in observation.file_problems]
    assert problems == [
        ("README", NOT_A_LOG),
        ("cut", CUT_OFF),
        ("gone", problems[2][1]),
    ]
    assert "No such file" in problems[2][1]
    assert observation.damages == 3
    readme = (folder / "README").stat().st_size
    assert observation.lost_bytes == readme + observation.file_problems[1].lost_bytes


def test_several_hours_make_several_windows(folder: Path) -> None:
    hourly = ObserveSettings(span_seconds=60, sampled=1)
    observation = observe([str(folder / "b")], hourly)
    assert [each.requests for each in observation.profiles] == [1, 1]
    assert all(each.first.second == 0 for each in observation.profiles)


def test_what_other_runs_left_behind_is_not_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "profiles-00000-of-00001").write_text("{}")
    for _ in range(2):
        observation = observe([str(folder / "b")], SETTINGS, results=str(tmp_path))
        assert [each.requests for each in observation.profiles] == [1, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["profiles-00000-of-00001"]


@pytest.mark.slow
def test_workers_in_processes_of_their_own_find_the_same(folder: Path) -> None:
    workers = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    files = find_logs([folder])
    apart = observe(files, SETTINGS, (*IN_PROCESS, *workers))
    together = observe(files, SETTINGS)
    assert list(map(profile_to_json, apart.profiles)) == list(
        map(profile_to_json, together.profiles)
    )
    assert (apart.records, apart.lost_bytes) == (together.records, together.lost_bytes)


def test_logs_that_hold_nothing_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    observation = observe(find_logs([tmp_path]), SETTINGS)
    assert (observation.profiles, observation.files, observation.damages) == ((), 1, 0)


def test_files_are_found_once_and_in_order(folder: Path) -> None:
    found = find_logs([folder / "b", folder, folder / ".." / folder.name / "a"])
    assert [Path(each).name for each in found] == ["b", "README", "a", "cut", "packed", "time"]
    assert find_logs([folder / ".hidden"]) == [str(folder / ".hidden")]


def test_no_logs_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"got nothing at .*none: correct the path"):
        find_logs([tmp_path / "none"])
    with pytest.raises(InputError, match=r"got none in .*sampling_rate above 0"):
        find_logs([tmp_path])


def test_of_many_problems_the_first_are_told() -> None:
    problems = [FileProblem("log", number, "", 1) for number in range(MOST_PROBLEMS + 9)]
    merged = LogSummary()
    for problem in problems[::-1]:
        merged = merged.merge(LogSummary(1, 0, {}, (problem,), 1, 1))
    assert merged.problems == tuple(problems[:MOST_PROBLEMS])
    assert (merged.damages, merged.lost_bytes) == (MOST_PROBLEMS + 9, MOST_PROBLEMS + 9)
