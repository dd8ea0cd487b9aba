"""What Beam's workers run while data is ingested.

Between the plans and the ExampleGens' output. Imports neither TensorFlow nor TFX, which would cost
each worker process many seconds at its start.
"""

from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import apache_beam as beam

from pipeline.ingest.chunk_file import ChunkPlace, read_chunk
from pipeline.ingest.glyph_store import GlyphReader, GlyphStore
from pipeline.ingest.record_sources import RecordOptions
from pipeline.ingest.record_spool import UnitJob, read_examples, spool_unit
from pipeline.ingest.spelling import (
    CharacterChunk,
    LineChunk,
    choose_glyphs,
    single_glyphs,
    spell_line,
)


class ReadChunks(beam.DoFn):
    """Yields the planned lines at each place of the file of chunks.

    Args:
      path: of that file; every worker reaches it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def setup(self) -> None:
        """Opens the file."""
        self._file = self._path.open("rb")

    def process(self, place: ChunkPlace) -> Iterator[LineChunk]:
        """Yields one chunk."""
        yield read_chunk(self._file, place)

    def teardown(self) -> None:
        """Closes the file."""
        self._file.close()


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


class ReadUnit(beam.DoFn):
    """Reads the pictures of a unit into the spool.

    Args:
      folder: the source.
      options: how to read it.
      spool: where what was read waits; every worker reaches it.
    """

    def __init__(self, folder: Path, options: RecordOptions, spool: Path) -> None:
        super().__init__()
        self._folder, self._options, self._spool = folder, options, spool

    def process(self, job: UnitJob) -> None:
        """Holds one page or picture at a time."""
        spool_unit(self._folder, self._options, job, self._spool)


class TakeLines(beam.DoFn):
    """Yields the examples of a unit out of the spool, each tagged with its split.

    Args:
      spool: as of `ReadUnit`.
      dropped: ids of lines that are not taken.
    """

    def __init__(self, spool: Path, dropped: Set[str]) -> None:
        super().__init__()
        self._spool, self._dropped = spool, dropped

    def process(self, number: int) -> Iterator[beam.pvalue.TaggedOutput]:
        """Yields one line at a time."""
        for line, example in read_examples(self._spool, number):
            if line.sample_id not in self._dropped:
                yield beam.pvalue.TaggedOutput(line.split, example)
