"""Checks on a part of a window's requests: sampled pictures, and those that were labelled."""

import numpy as np

from serving.monitor.embedding import LEAST_PICTURES, MOST_PICTURES, measure_discrepancy
from serving.monitor.findings import EMBEDDING, ERROR_RATE, Finding
from serving.monitor.profile import WindowProfile
from serving.monitor.reference import Reference
from serving.monitor.settings import CheckSettings

LEAST_LABELLED = 20
"""Of a window's requests, below which their error rate is not looked at."""


def why_no_embeddings(profile: WindowProfile, reference: Reference) -> str | None:
    """Returns why the pictures' features cannot be compared; None where they can."""
    if not len(reference.embeddings):
        return "the reference has no features of pictures: they were not compared"
    if profile.embeddings is None:
        return "the model was not asked for its features, or has no such signature"
    if len(profile.embeddings) < LEAST_PICTURES:
        return (
            f"{len(profile.embeddings)} pictures are kept of the window, and {LEAST_PICTURES} are "
            "needed to compare their features"
        )
    if profile.embeddings.shape[1] != reference.embeddings.shape[1]:
        return "the model's features are not those of the reference: learn the reference anew"
    return None


def check_embeddings(
    profile: WindowProfile, reference: Reference, settings: CheckSettings, rate: float
) -> Finding:
    """Compares the features of the sampled pictures with the reference's."""
    if profile.embeddings is None:
        raise ValueError("expected embeddings, got none")
    found = measure_discrepancy(
        profile.embeddings[:MOST_PICTURES],
        reference.embeddings,
        rate,
        settings.permutations,
        settings.seed,
    )
    alarm = found.squared > found.threshold
    return Finding(
        check=EMBEDDING,
        feature=None,
        measured=found.squared,
        threshold=found.threshold,
        p_value=found.p_value,
        alarm=alarm,
        message=(
            f"the network sees {'other' if alarm else 'like'} pictures: their discrepancy to the "
            f"reference is {found.squared:.3g}, of which chance alone makes {found.threshold:.3g}"
        ),
    )


def check_error_rate(
    profile: WindowProfile, reference: Reference, settings: CheckSettings, rate: float
) -> Finding:
    """Holds the character error rate of labelled requests to the one that the reference has.

    The threshold is learned from resamples of the reference's lines, those of both sides drawn
    anew.
    """
    rows = np.stack([reference.edits, reference.characters], axis=1)  # [m, 2]
    chance = np.random.default_rng(settings.seed)

    def draw(size: int) -> np.ndarray:
        drawn = [
            rows[chance.integers(len(rows), size=size)].sum(axis=0)
            for _ in range(settings.resamples)
        ]
        return np.array([edits / characters for edits, characters in drawn])

    null = draw(len(profile.edits)) - draw(len(rows))
    before = float(reference.edits.sum() / reference.characters.sum())
    now = float(profile.edits.sum() / profile.characters.sum())
    rise = max(float(np.quantile(null, 1 - rate, method="higher")), settings.error_floor)
    alarm = now - before > rise
    return Finding(
        check=ERROR_RATE,
        feature=None,
        measured=now,
        threshold=before + rise,
        p_value=float((1 + np.count_nonzero(null >= now - before)) / (1 + len(null))),
        alarm=alarm,
        message=(
            f"the character error rate on {len(profile.edits)} labelled requests is {now:.2%}, "
            f"{'more than' if alarm else 'within'} the {before + rise:.2%} that clean ones reach; "
            f"the reference has {before:.2%}"
        ),
    )
