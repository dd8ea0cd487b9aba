from datetime import datetime, timezone

import numpy as np
import pytest

from schema import features, request_features
from serving.monitor.accumulator import Accumulator, profile_of, window_key
from serving.monitor.bins import CategoryBins, NumberBins
from serving.monitor.logged_request import LINES, LoggedRequest, MeasuredRequest, RecordId
from serving.monitor.measuring import measure
from serving.monitor.observe_settings import ObserveSettings
from serving.monitor.profile import IMPOSSIBLE_TIME, NO_LATENCY, UNREADABLE, WindowProfile
from serving.monitor.profile_file import profile_to_json
from tests.serving.monitor.request_logs import DAY, NOON, draw_picture

BINS = {
    request_features.CONFIDENCE: NumberBins((0.3, 0.6)),
    request_features.CHARACTERS: CategoryBins(("a", "b")),
    request_features.IMAGE_FORMAT: CategoryBins(("png",)),
    request_features.LATENCY_MS: NumberBins((1.0,)),
}
USUAL = {
    request_features.CONFIDENCE: np.array([0, 3, 97]),
    request_features.IMAGE_FORMAT: np.array([100, 0]),
}
SETTINGS = ObserveSettings(BINS, USUAL, low_confidence=0.5, sampled=3, shown=2, sampled_rows=4)
PICTURE = draw_picture()


def request(
    number: int,
    confidence: float | None = 0.9,
    reading: str = "ab",
    image: bytes = PICTURE,
    time: int = NOON,
    rate: float = 1.0,
) -> MeasuredRequest:
    record = RecordId("folder/log", number)
    return measure(LoggedRequest(record, "lines", 7, time, rate, image, LINES, reading, confidence))


def test_a_window_is_counted() -> None:
    profile = profile_of(
        [
            request(0, 0.1, "aab", time=NOON + 5, rate=0.25),
            request(1, 0.9, "ac", time=NOON),
            request(2, None, "", b"none"),
        ],
        SETTINGS,
    )
    assert (profile.model, profile.version, profile.kind) == ("lines", 7, LINES)
    assert profile.window_start == datetime.fromtimestamp(NOON // DAY * DAY, timezone.utc)
    assert (profile.window_end - profile.window_start).total_seconds() == DAY
    assert profile.first.timestamp() == NOON
    assert profile.last.timestamp() == NOON + 5
    assert (profile.requests, profile.estimated_requests) == (3, 6.0)
    assert {name: counts.tolist() for name, counts in profile.counts.items()} == {
        request_features.CONFIDENCE: [1, 0, 1],
        request_features.CHARACTERS: [3, 1, 1],
        request_features.IMAGE_FORMAT: [2, 1],
        request_features.LATENCY_MS: [0, 0],
    }
    assert profile.categories == {
        request_features.CHARACTERS: {"a": 3, "b": 1, "c": 1},
        request_features.IMAGE_FORMAT: {"png": 2, "unreadable": 1},
    }
    length = profile.numbers[request_features.READING_LENGTH]
    assert (length.values, length.missing, length.minimum, length.maximum) == (3, 0, 0, 3)
    assert (length.mean, length.deviation) == pytest.approx((5 / 3, np.std([3, 2, 0])))
    assert profile.numbers[features.IMAGE_WIDTH].missing == 1
    assert (profile.unsure, profile.judged) == (1, 2)
    assert profile.problems[NO_LATENCY] == 3
    assert profile.problems[UNREADABLE] == 1
    # What cannot be read is nothing to look at, nor to ask the model about.
    assert {each.request.record.offset for each in profile.sampled} == {0, 1}
    assert [each.request.record.offset for each in profile.unsurest] == [0, 1]
    assert [each.request.record.offset for each in profile.oddest] == [0, 1]
    widths = profile.sampled_numbers[features.IMAGE_WIDTH]
    assert sorted(widths[np.isfinite(widths)]) == [60, 60]
    assert profile.quantiles(features.IMAGE_WIDTH).tolist() == [60] * 101
    assert np.isnan(profile.quantiles("nothing")).all()


def test_parts_merge_to_the_whole() -> None:
    # More than are counted in one go, and with ties among the confidences.
    rng = np.random.default_rng(0)
    requests = [
        request(number, float(rng.integers(0, 10)) / 10, "ab"[: rng.integers(0, 3)])
        for number in range(700)
    ]
    whole = profile_of(requests, SETTINGS)
    adder = Accumulator(SETTINGS)
    merged = adder.begin()
    for begin in (600, 0, 550, 300):
        part = adder.begin()
        end = {600: 700, 0: 300, 550: 600, 300: 550}[begin]
        for each in requests[begin:end]:
            adder.add(part, each)
        adder.merge(merged, part)
    adder.merge(merged, adder.begin())
    same(adder.profile(merged, window_key(requests[0], SETTINGS)), whole)
    same(profile_of(requests[::-1], SETTINGS), whole)


def same(first: WindowProfile, second: WindowProfile) -> None:
    one, other = profile_to_json(first), profile_to_json(second)
    numbers, others = one.pop("numbers"), other.pop("numbers")
    assert one == other
    assert numbers.keys() == others.keys()
    for name, summary in numbers.items():
        assert summary == pytest.approx(others[name])


def test_the_seed_decides_what_is_drawn() -> None:
    requests = [request(number) for number in range(50)]

    def drawn(seed: int, of: list[MeasuredRequest] = requests) -> set[int]:
        profile = profile_of(of, ObserveSettings(sampled=5, seed=seed))
        return {each.request.record.offset for each in profile.sampled}

    assert drawn(1) == drawn(1, requests[::-1])
    assert len({frozenset(drawn(seed)) for seed in range(5)}) == 5


def test_each_request_has_the_same_chance() -> None:
    requests = [request(number) for number in range(20)]
    drawn = np.zeros(20)
    for seed in range(300):
        for each in profile_of(requests, ObserveSettings(sampled=5, seed=seed)).sampled:
            drawn[each.request.record.offset] += 1
    # Binomial, 300 draws at 1/4: 75 with a deviation of 7.5.
    assert drawn.min() > 75 - 4 * 7.5
    assert drawn.max() < 75 + 4 * 7.5


@pytest.mark.parametrize("time", [0, NOON + 2 * DAY])
def test_an_impossible_time_is_told(time: int) -> None:
    profile = profile_of([request(0, time=time)], ObserveSettings(now=NOON))
    assert profile.problems[IMPOSSIBLE_TIME] == 1
    assert profile.window_start.timestamp() == time // DAY * DAY


def test_requests_of_several_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="got 2 of them"):
        profile_of([request(0), request(1, time=NOON + DAY)], SETTINGS)
    with pytest.raises(ValueError, match="got 0 of them"):
        profile_of([], SETTINGS)


def test_a_window_has_a_length() -> None:
    with pytest.raises(ValueError, match="at least a second"):
        ObserveSettings(span_seconds=0)
