"""Spells planned lines on a worker: chooses a glyph for each character, looks it up, serialises.

After `lines.py`, which plans the texts, and `glyph_store.py`; called by `line_example_gen.py`.
Imports neither TensorFlow nor TFX: a Beam worker starts with what is imported here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.ingest.example_bytes import serialise_line
from pipeline.ingest.glyph_store import NO_GLYPH, GlyphReader
from schema.features import SEEN
from schema.splits import SPLITS
from transforms.image_facts import measure_image

SPACE = " "

GlyphNumbers = dict[str, tuple[int, int]]
"""As `GlyphStore.numbers`."""


@dataclass(frozen=True)
class LineChunk:
    """Lines of a split that are spelled in one go.

    Args:
      split: its name.
      first: the number of the first of them in the split.
      texts: of each line.
      vocabularies: one of `schema.features.VOCABULARIES` for each line.
    """

    split: str
    first: int
    texts: tuple[str, ...]
    vocabularies: tuple[str, ...]


@dataclass(frozen=True)
class CharacterChunk:
    """Single characters of a split: those whose glyphs have the numbers from `first` to `end`."""

    split: str
    first: int
    end: int


@dataclass(frozen=True)
class Line:
    """One planned line.

    Args:
      sample_id: as in "test/000042".
      text: its characters.
      glyphs: [length], int64: for each character the number of its glyph, or `NO_GLYPH`.
      seed: decides its synthesis.
      vocabulary: one of `schema.features.VOCABULARIES`.
    """

    sample_id: str
    text: str
    glyphs: np.ndarray
    seed: int
    vocabulary: str


def choose_glyphs(chunk: LineChunk, numbers: GlyphNumbers, seed: int) -> Iterator[Line]:
    """Chooses a glyph for each character of each line.

    Args:
      chunk: the lines; every character but the space must have glyphs.
      numbers: of the glyphs of the split.
      seed: decides the choice; a line's choice does not depend on the lines before it.
    """
    ranges = numbers | {SPACE: (NO_GLYPH, NO_GLYPH + 1)}
    for index, (text, vocabulary) in enumerate(
        zip(chunk.texts, chunk.vocabularies, strict=True), start=chunk.first
    ):
        chance = np.random.default_rng([seed, SPLITS.index(chunk.split), index])
        first, end = np.array([ranges[character] for character in text]).T  # [length] each
        yield Line(
            sample_id=f"{chunk.split}/{index:06d}",
            text=text,
            glyphs=chance.integers(first, end),
            seed=int(chance.integers(2**31)),
            vocabulary=vocabulary,
        )


def single_glyphs(chunk: CharacterChunk, numbers: GlyphNumbers) -> Iterator[Line]:
    """Yields each character of a chunk as a line of one glyph."""
    for character, (first, end) in numbers.items():
        for number in range(max(first, chunk.first), min(end, chunk.end)):
            yield Line(
                sample_id=f"{chunk.split}/{number:06d}",
                text=character,
                glyphs=np.array([number]),
                seed=number,
                vocabulary=SEEN,
            )


def spell_line(line: Line, glyphs: GlyphReader, source: str) -> bytes:
    """Returns the ingested example of a planned line, serialised."""
    stack = glyphs.read(line.glyphs)
    return serialise_line(
        sample_id=line.sample_id,
        text=line.text,
        source=source,
        vocabulary=line.vocabulary,
        facts=measure_image(np.concatenate(stack, axis=1)),  # [28, length * 28]
        glyphs=stack.tobytes(),
        seed=line.seed,
    )
