"""Made-up clean requests, and windows of them, for the tests of the checks."""

from datetime import datetime, timezone

import numpy as np

from schema import features, request_features
from serving.monitor.learn import CleanRow, learn_reference
from serving.monitor.profile import NumberSummary, WindowProfile

LETTERS = "aaabbc "
NOON = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)


def draw_values(chance, blur=1.0, sure=4.0, format_="png"):
    """One request: numbers that go together, and a reading."""
    width = float(chance.integers(100, 400))
    length = int(width / 20)
    return {
        features.IMAGE_HEIGHT: 28.0,
        features.IMAGE_WIDTH: width,
        features.ASPECT: width / 28,
        features.INK_RATIO: float(chance.uniform(0.1, 0.3)),
        features.BRIGHTNESS_MEAN: float(chance.normal(60, 4)),
        features.BRIGHTNESS_DEVIATION: float(chance.normal(80, 4)),
        features.SHARPNESS: float(chance.normal(20, 2) * blur),
        request_features.IMAGE_FORMAT: format_,
        request_features.CONFIDENCE: float(chance.beta(sure, 1)),
        request_features.READING_LENGTH: length,
        request_features.CHARACTERS: tuple(chance.choice(list(LETTERS), length)),
    }


def make_reference(rows=600, seed=0):
    chance = np.random.default_rng(seed)
    clean = [CleanRow(draw_values(chance), "truth", "trutt") for _ in range(rows)]
    vectors = chance.normal(size=(200, 4)).astype(np.float32)
    return learn_reference(clean, vectors, frozenset(), {})


def make_profile(reference, requests, seed, values=draw_values, **changes):
    """A window of requests, counted as `serving.monitor.windows` does."""
    chance = np.random.default_rng(seed)
    rows = [values(chance) for _ in range(requests)]
    counts, numbers = {}, {}
    for name, bins in reference.bins.items():
        found = [row[name] for row in rows if name in row]
        if not found:
            continue
        if name == request_features.CHARACTERS:
            counts[name] = bins.count([each for row in found for each in row])
        else:
            counts[name] = bins.count(found)
        if not isinstance(found[0], str | tuple):
            numbers[name] = NumberSummary(
                len(found),
                len(rows) - len(found),
                min(found),
                max(found),
                float(np.mean(found)),
                float(np.std(found)),
            )
    sure = [row[request_features.CONFIDENCE] for row in rows if request_features.CONFIDENCE in row]
    made = {
        "model": "lines",
        "version": 7,
        "kind": "lines",
        "window_start": NOON,
        "window_end": NOON,
        "first": NOON,
        "last": NOON,
        "requests": requests,
        "estimated_requests": requests,
        "counts": counts,
        "numbers": numbers,
        "unsure": sum(each < reference.low_confidence for each in sure),
        "judged": len(sure),
    }
    return WindowProfile(**made | changes)
