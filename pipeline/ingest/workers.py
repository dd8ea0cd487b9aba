"""What Beam's workers run while data is ingested.

Between the plans and the ExampleGens' output. Imports neither TensorFlow nor TFX, which would cost
each worker process many seconds at its start.
"""

from collections.abc import Iterator, Mapping

import apache_beam as beam

from pipeline.ingest.glyph_store import GlyphReader, GlyphStore
from pipeline.ingest.spelling import (
    CharacterChunk,
    LineChunk,
    choose_glyphs,
    single_glyphs,
    spell_line,
)


class SpellLines(beam.DoFn):
    """Yields the serialised examples of planned lines or characters, tagged with their split.

    Args:
      stores: split -> its glyphs.
      source: name of the data set.
      seed: decides which glyphs are chosen.
    """

    def __init__(self, stores: Mapping[str, GlyphStore], source: str, seed: int) -> None:
        super().__init__()
        self._stores, self._source, self._seed = dict(stores), source, seed

    def setup(self) -> None:
        """Opens the glyphs' files."""
        self._readers = {split: GlyphReader(store.path) for split, store in self._stores.items()}

    def process(self, chunk: LineChunk | CharacterChunk) -> Iterator[beam.pvalue.TaggedOutput]:
        """Yields one example at a time."""
        numbers, reader = self._stores[chunk.split].numbers, self._readers[chunk.split]
        lines = (
            single_glyphs(chunk, numbers)
            if isinstance(chunk, CharacterChunk)
            else choose_glyphs(chunk, numbers, self._seed)
        )
        for line in lines:
            yield beam.pvalue.TaggedOutput(chunk.split, spell_line(line, reader, self._source))

    def teardown(self) -> None:
        """Closes the files."""
        for reader in self._readers.values():
            reader.close()
