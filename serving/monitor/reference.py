"""The clean sample that windows are held against, as it is kept beside a pushed model.

`serving.monitor.learn` makes it of pictures as clients send them, or of the requests of a time that
was good. `assets.extra/monitor` of a pushed model holds it, so that monitoring needs no set-up.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from schema.errors import InputError
from serving.model_folder import EXTRA_ASSETS
from serving.monitor.bins import Bins, CategoryBins, NumberBins

FOLDER = "monitor"
"""In a pushed model's `assets.extra`."""
FACTS_FILE, ROWS_FILE = "reference.json", "rows.npz"
SCHEMA_FILE, WORDS_FILE = "schema.pbtxt", "words.txt"
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Reference:
    """What clean requests look like, one row each; m rows. Equal to itself alone.

    Args:
      bins: feature -> its bins, for every feature that windows are counted by; keys of
        `schema.features` and `schema.request_features`.
      counts: feature -> uint16 [m, bins], what each row adds to the counts: one 1, or for a feature
        of many values such as `CHARACTERS` any number. Features that clean pictures alone do not
        tell (`IMAGE_FORMAT`, `LATENCY_MS`) have bins but no counts: they are checked for drift
        only.
      quantiles: feature -> float64 [101], percentiles of a number's values, for plots.
      low_confidence: the mark below which a reading counts as unsure.
      unsure: bool [m], whether the confidence lies below the mark.
      edits, characters: int64 [m], edits between truth and reading and the truth's length; empty
        where the truth is not known.
      embeddings: float32 [e, d], what the network's trunk made of the first e rows; [0, 0] where
        the model does not tell.
      schema: of the requests, as TFDV's text proto: the values that may come in, and in comparators
        the least divergence of each feature that anybody cares for.
      words: those of the training texts, without case and punctuation; empty where not known.
      facts: what the sample is of, for people: model, version, data set, split, date.
    """

    bins: Mapping[str, Bins]
    counts: Mapping[str, NDArray[np.uint16]]
    quantiles: Mapping[str, NDArray[np.float64]]
    low_confidence: float
    unsure: NDArray[np.bool_]
    edits: NDArray[np.int64]
    characters: NDArray[np.int64]
    embeddings: NDArray[np.float32]
    schema: str = ""
    words: frozenset[str] = frozenset()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.unsure)

    @property
    def totals(self) -> dict[str, NDArray[np.int64]]:
        """Feature -> counts of all rows, int64 [bins]."""
        return {name: rows.sum(axis=0, dtype=np.int64) for name, rows in self.counts.items()}

    def save(self, folder: Path) -> None:
        """Writes the reference; the folder is made where absent."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, NDArray[Any]] = {
            **{f"counts/{name}": rows for name, rows in self.counts.items()},
            **{f"quantiles/{name}": values for name, values in self.quantiles.items()},
            "unsure": self.unsure,
            "edits": self.edits,
            "characters": self.characters,
            "embeddings": self.embeddings.astype(np.float16),
        }
        np.savez_compressed(folder / ROWS_FILE, **arrays)
        (folder / SCHEMA_FILE).write_text(self.schema, encoding="utf-8")
        (folder / WORDS_FILE).write_text(
            "".join(f"{word}\n" for word in sorted(self.words)), encoding="utf-8"
        )
        facts = {
            "format": _FORMAT,
            "low_confidence": self.low_confidence,
            "bins": {name: _bins_to_json(bins) for name, bins in self.bins.items()},
            "facts": dict(self.facts),
        }
        (folder / FACTS_FILE).write_text(
            json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def reference_folder(model: Path) -> Path:
    """Returns where a pushed model's version folder keeps its reference."""
    return model / EXTRA_ASSETS / FOLDER


def load_reference(folder: Path) -> Reference:
    """Reads what `Reference.save` wrote.

    Raises:
      InputError: there is none, or it is damaged.
    """
    if not (folder / FACTS_FILE).is_file():
        raise InputError(
            f"expected a monitoring reference, got no {FACTS_FILE} in {folder}: name a model that "
            "this pipeline has pushed, or learn a reference of requests that were good"
        )
    try:
        facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        if facts["format"] != _FORMAT:
            raise ValueError(f"format {facts['format']}, not {_FORMAT}")
        with np.load(folder / ROWS_FILE, allow_pickle=False) as arrays:
            texts = [(folder / file).read_text("utf-8") for file in (SCHEMA_FILE, WORDS_FILE)]
            return _from_parts(facts, dict(arrays), *texts)
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise InputError(
            f"expected a monitoring reference, got {type(error).__name__} ({error}) in {folder}: "
            "take the files that came with the model, or learn it anew"
        ) from None


def _from_parts(
    facts: dict[str, Any], arrays: dict[str, Any], schema: str, words: str
) -> Reference:
    bins = {name: _bins_from_json(each) for name, each in facts["bins"].items()}
    reference = Reference(
        bins=bins,
        counts=_below("counts/", arrays),
        quantiles=_below("quantiles/", arrays),
        low_confidence=float(facts["low_confidence"]),
        unsure=arrays["unsure"],
        edits=arrays["edits"],
        characters=arrays["characters"],
        embeddings=arrays["embeddings"].astype(np.float32),
        schema=schema,
        words=frozenset(words.split("\n")) - {""},
        facts=facts["facts"],
    )
    for name, rows in reference.counts.items():
        if rows.shape != (len(reference), len(bins[name])):
            raise ValueError(f"counts of {name} have shape {rows.shape}")
    return reference


def _below(prefix: str, arrays: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _bins_to_json(bins: Bins) -> dict[str, Any]:
    if isinstance(bins, NumberBins):
        return {"edges": list(bins.edges)}
    return {"categories": list(bins.categories)}


def _bins_from_json(content: dict[str, Any]) -> Bins:
    if "edges" in content:
        return NumberBins(tuple(content["edges"]))
    return CategoryBins(tuple(content["categories"]))
