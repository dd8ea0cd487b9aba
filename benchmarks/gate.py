"""Simulates challengers with a known true error rate, lets the gate judge them, prints JSON.

    python benchmarks/gate.py

Champion and challenger read the same lines. A line has a difficulty that both share, drawn from a
beta distribution around its writer's, and each model makes its own errors on it. Of 200 challengers
a case is counted: how many the gate blesses as better (their interval lies below no change), blocks
as worse (beyond the tolerance), blocks because more than the tolerance cannot be ruled out, and
blesses without saying that they are better. Rates, lengths and spread are of the size of the test
splits in this folder's README. Nothing is trained; it takes a few minutes.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import numpy as np
from main_job import ROOT, describe_commit, describe_machine, hide_folders

sys.path.insert(0, str(ROOT))

from pipeline.evaluation.resampling import divide, draw_weights, interval
from pipeline.gate import CER, LineGate

CHALLENGERS = 200
CASES = (
    {"lines": 1000, "cer": 0.006, "writers": 0},
    {"lines": 1500, "cer": 0.025, "writers": 0},
    {"lines": 1500, "cer": 0.05, "writers": 0},
    {"lines": 5000, "cer": 0.05, "writers": 0},
    {"lines": 5000, "cer": 0.05, "writers": 50},
    {"lines": 20000, "cer": 0.1, "writers": 0},
)
BETTER, EVEN = "blessed as better", "blessed, no difference shown"
WORSE, OPEN = "blocked as worse", "blocked, a regression not ruled out"


def simulate(
    lines: int, cer: float, writers: int, regression: float, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yields, for each challenger, edits of both models and lengths: [3, lines]."""
    for _ in range(CHALLENGERS):
        lengths = rng.integers(11, 35, lines)
        mean = np.full(lines, cer)
        if writers:
            hands = rng.gamma(4, 1 / 4, writers)
            mean = cer * hands[np.arange(lines) % writers]
        difficulty = np.clip(mean * rng.gamma(0.7, 1 / 0.7, lines), 0, 0.9)
        worse = difficulty * (1 + regression / cer)
        champion = rng.binomial(lengths, difficulty)
        challenger = rng.binomial(lengths, np.clip(worse, 0, 1))
        yield np.stack([challenger, champion, lengths])


def judge(sums: np.ndarray, resampled: np.ndarray, units: int, gate: LineGate) -> str:
    """Applies the gate's rule for the change of a rate to sums [3] and resampled sums [3, n]."""
    tolerance = gate.bounds()[CER].tolerance
    change = (sums[0] - sums[1]) / sums[2]
    spread = divide(resampled[0] - resampled[1], resampled[2])
    _, upper = interval(change, spread, units, gate.confidence_level)
    if change > tolerance:
        return WORSE
    if upper > tolerance:
        return OPEN
    return BETTER if upper < 0 else EVEN


def count_verdicts(case: dict[str, Any], regression: float, gate: LineGate) -> dict[str, int]:
    """Judges the challengers of a case."""
    rng = np.random.default_rng(0)
    units = case["writers"] or case["lines"]
    names = [f"unit {line % units}" for line in range(case["lines"])]
    weights = np.array([draw_weights(name, gate.resamples) for name in names], np.float32)
    found: Counter[str] = Counter(dict.fromkeys((BETTER, EVEN, OPEN, WORSE), 0))
    for table in simulate(**case, regression=regression, rng=rng):
        resampled = (table.astype(np.float32) @ weights).astype(float)
        found[judge(table.sum(axis=1), resampled, units, gate)] += 1
    return dict(found)


def main() -> None:
    """Simulates and prints."""
    argparse.ArgumentParser(description=__doc__, allow_abbrev=False).parse_args()
    gate = LineGate()
    tolerance = gate.bounds()[CER].tolerance
    result = {
        "benchmark": "gate",
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": describe_commit(),
        "machine": describe_machine(),
        "command": hide_folders(["python", *sys.argv]),
        "tolerance": tolerance,
        "confidence_level": gate.confidence_level,
        "challengers": CHALLENGERS,
        "cases": [
            case
            | {
                "equal": count_verdicts(case, 0.0, gate),
                "twice the tolerance worse": count_verdicts(case, 2 * tolerance, gate),
            }
            for case in CASES
        ],
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
