"""Makes a reference: of pictures that a model reads now, or of requests that were good.

The pipeline calls `learn_from_pictures` when it has pushed a line model, with the lines of the test
split as clients would send them: nothing was fitted on those, neither weights nor confidences.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from schema import features, request_features
from schema.errors import InputError
from serving.monitor.bins import (
    Bins,
    CategoryBins,
    NumberBins,
    learn_category_bins,
    learn_number_bins,
)
from serving.monitor.embedding import describe_pictures
from serving.monitor.logged_request import MeasuredRequest
from serving.monitor.measuring import Value, measure_request
from serving.monitor.reference import Reference
from serving.monitor.request_schema import make_request_schema, schema_to_text
from serving.signatures import CONFIDENCE, FEATURES, SERVING_DEFAULT, TEXT
from transforms.edit_distance import count_edits

if TYPE_CHECKING:
    from serving.monitor.pushed_model import PushedModel

LEAST_ROWS = 100
"""Fewer requests tell too little of what is usual."""

MOST_EMBEDDINGS = 500
"""Rows with features of the trunk; their comparison takes the square of this number."""

UNSURE_SHARE = 0.1
"""Share of the reference's readings that lie below the low-confidence mark."""

NUMBERS = (
    *features.IMAGE_FACTS,
    request_features.CONFIDENCE,
    request_features.READING_LENGTH,
    request_features.UNKNOWN_WORD_SHARE,
)

UNTOLD_BINS: Mapping[str, Bins] = {
    request_features.IMAGE_FORMAT: CategoryBins(("png", "jpeg", "gif", "bmp", "unreadable")),
    request_features.LATENCY_MS: NumberBins(tuple(np.geomspace(1.0, 60_000.0, 16).tolist())),
}
"""Of features that clean pictures do not tell, for these were never sent: windows are compared with
each other."""


@dataclass(frozen=True)
class CleanRow:
    """A clean request.

    Args:
      values: as `measure_request` returns them.
      truth: the text that is written there; None where it is not known.
      reading: what was read.
    """

    values: Mapping[str, Value]
    truth: str | None = None
    reading: str = ""


@dataclass(frozen=True)
class Clean:
    """Pictures to learn from.

    Args:
      pictures: as clients send them.
      truths: what is written on each; empty where it is not known.
      words: of the training texts, as `transforms.words` tells them; empty where not known.
      facts: what the sample is of, for people.
    """

    pictures: Sequence[bytes]
    truths: Sequence[str] = ()
    words: frozenset[str] = frozenset()
    facts: Mapping[str, Any] = field(default_factory=dict)


def learn_from_pictures(model: Path, clean: Clean) -> Reference:
    """Has a line model read pictures and learns from what comes out.

    Args:
      model: folder of a SavedModel of a line model.
      clean: some thousand pictures; more make thresholds hardly lower.

    Raises:
      InputError: there are too few pictures that it can read.
    """
    from serving.monitor.pushed_model import PushedModel

    # Both at once: the first answers of a signature take a second or so of one core.
    with PushedModel(model) as loaded, ThreadPoolExecutor(1) as beside:
        describing = beside.submit(_describe, loaded, clean.pictures, range(len(clean.pictures)))
        answers = loaded.ask(SERVING_DEFAULT, clean.pictures)
        described = describing.result()
        read = [place for place, answer in enumerate(answers) if answer is not None]
        # Where pictures were refused, later ones take their place.
        more = [place for place in read[:MOST_EMBEDDINGS] if place not in described]
        described |= _describe(loaded, clean.pictures, more)
    vectors = [described[place] for place in read[:MOST_EMBEDDINGS] if place in described]
    rows = []
    for place in read:
        reading = answers[place][TEXT].decode()  # type: ignore[index]
        confidence = float(answers[place][CONFIDENCE])  # type: ignore[index]
        values = measure_request(clean.pictures[place], reading, confidence, clean.words)
        truth = clean.truths[place] if clean.truths else None
        rows.append(CleanRow(values, truth, reading))
    return learn_reference(rows, np.array(vectors, np.float32), clean.words, clean.facts)


def _describe(
    model: "PushedModel", pictures: Sequence[bytes], places: Sequence[int]
) -> dict[int, NDArray[np.float32]]:
    """Returns the features of the first `MOST_EMBEDDINGS` pictures of some places, by place.

    A picture that is refused has none, nor has any picture of a model without the signature.
    """
    if FEATURES not in model.signatures:
        return {}
    chosen = places[:MOST_EMBEDDINGS]
    rows = model.ask(FEATURES, [pictures[place] for place in chosen])
    return {
        place: row[FEATURES] for place, row in zip(chosen, rows, strict=True) if row is not None
    }


def learn_from_requests(
    requests: Sequence[MeasuredRequest],
    model: Path | None,
    facts: Mapping[str, Any],
    words: AbstractSet[str],
) -> Reference:
    """Learns from requests that were answered at a good time.

    Args:
      requests: of one version, with their pictures.
      model: that version's folder, to be asked for features; None leaves these out.
      facts: what the requests are of, for people.
      words: that their share of unknown words was measured with.

    Raises:
      InputError: there are too few.
    """
    described = None
    if model is not None:
        pictures = [each.request.image for each in requests[:MOST_EMBEDDINGS]]
        described = describe_pictures(model, pictures)
    embeddings = np.empty((0, 0), np.float32) if described is None else described
    return learn_reference([CleanRow(each.values) for each in requests], embeddings, words, facts)


def learn_reference(
    rows: Sequence[CleanRow],
    embeddings: NDArray[np.float32],
    words: AbstractSet[str],
    facts: Mapping[str, Any],
) -> Reference:
    """Learns from measured requests.

    Args:
      rows: of clean requests.
      embeddings: float32 [e, d] of some of their pictures; of no size where not known.
      words: of the training texts.
      facts: what the sample is of, for people.

    Raises:
      InputError: there are fewer than `LEAST_ROWS`.
    """
    if len(rows) < LEAST_ROWS:
        raise InputError(
            f"expected at least {LEAST_ROWS} clean requests to learn a reference from, got "
            f"{len(rows)}: give more of them"
        )
    numbers = {name: _column(rows, name) for name in NUMBERS}
    known = {name: column for name, column in numbers.items() if np.isfinite(column).any()}
    bins: dict[str, Bins] = {}
    for name, column in known.items():
        bins[name] = learn_number_bins(column[np.isfinite(column)])
    characters = request_features.CHARACTERS
    bins[characters] = learn_category_bins(
        each for row in rows for each in _categories(row, characters)
    )
    counts = {name: _count_rows(bins[name], column) for name, column in known.items()}
    counts[characters] = np.stack(
        [bins[characters].count(_categories(row, characters)) for row in rows]
    ).astype(np.uint16)
    confidence = numbers[request_features.CONFIDENCE]
    mark = float(np.nanquantile(confidence, UNSURE_SHARE)) if np.isfinite(confidence).any() else 0.0
    judged = [count_edits(row.truth, row.reading) for row in rows if row.truth is not None]
    bins |= UNTOLD_BINS
    return Reference(
        bins=bins,
        counts=counts,
        quantiles={
            name: np.nanquantile(column, np.linspace(0, 1, 101)) for name, column in known.items()
        },
        low_confidence=mark,
        unsure=confidence < mark,
        edits=np.array([each.character_edits for each in judged], np.int64),
        characters=np.array([each.characters for each in judged], np.int64),
        embeddings=embeddings.reshape(len(embeddings), -1 if len(embeddings) else 0),
        schema=schema_to_text(make_request_schema(bins)),
        words=frozenset(words),
        facts=facts,
    )


def _column(rows: Sequence[CleanRow], name: str) -> NDArray[np.float64]:
    """Returns a number of each row, float64 [m], NaN where it is missing."""
    return np.array([float(row.values.get(name, np.nan)) for row in rows])  # type: ignore[arg-type]


def _categories(row: CleanRow, name: str) -> tuple[str, ...]:
    found = row.values.get(name, ())
    return found if isinstance(found, tuple) else (str(found),)


def _count_rows(bins: Bins, column: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Returns each row's counts, [m, bins]: one 1, or none where the value is missing."""
    counts = np.zeros((len(column), len(bins)), np.uint16)
    [present] = np.nonzero(np.isfinite(column))
    counts[present, bins.place(column[present])] = 1
    return counts
