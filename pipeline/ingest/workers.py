"""What Beam's workers run while data is ingested.

Between the plans and the ExampleGens' output. Imports neither TensorFlow nor TFX, which would cost
each worker process many seconds at its start.
"""

from collections.abc import Iterator, Mapping, Set
from contextlib import ExitStack
from dataclasses import replace

import apache_beam as beam

from pipeline.buckets.shared_folder import SharedFolder
from pipeline.ingest.chunk_file import ChunkPlace, read_chunk
from pipeline.ingest.data_folder import DataFolder
from pipeline.ingest.glyph_store import GlyphReader, GlyphStore
from pipeline.ingest.record_sources import RecordOptions
from pipeline.ingest.record_spool import (
    UnitJob,
    examples_name,
    read_examples,
    report_name,
    spool_unit,
)
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
      shared: a folder that every worker reaches.
      name: of that file in it.
    """

    def __init__(self, shared: SharedFolder, name: str) -> None:
        super().__init__()
        self._shared, self._name = shared, name

    def setup(self) -> None:
        """Opens the file."""
        self._open = ExitStack()
        folder = self._open.enter_context(self._shared.take(self._name))
        self._file = self._open.enter_context((folder / self._name).open("rb"))

    def process(self, place: ChunkPlace) -> Iterator[LineChunk]:
        """Yields one chunk."""
        yield read_chunk(self._file, place)

    def teardown(self) -> None:
        """Closes the file."""
        self._open.close()


class SpellLines(beam.DoFn):
    """Yields the serialised examples of planned lines or characters, tagged with their split.

    Args:
      shared: a folder that every worker reaches.
      stores: split -> its glyphs, in that folder.
      source: name of the data set.
      seed: decides which glyphs are chosen.
    """

    def __init__(
        self, shared: SharedFolder, stores: Mapping[str, GlyphStore], source: str, seed: int
    ) -> None:
        super().__init__()
        self._shared, self._stores, self._source, self._seed = shared, dict(stores), source, seed

    def setup(self) -> None:
        """Opens the glyphs' files."""
        self._open = ExitStack()
        names = {split: store.name for split, store in self._stores.items()}
        folder = self._open.enter_context(self._shared.take(*names.values()))
        self._readers = {split: GlyphReader(folder / name) for split, name in names.items()}
        for reader in self._readers.values():
            self._open.callback(reader.close)

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
        self._open.close()


class ReadUnit(beam.DoFn):
    """Reads the pictures of a unit into the spool.

    Args:
      data: the source.
      options: how to read it.
      spool: where what was read waits; every worker reaches it.
    """

    def __init__(self, data: DataFolder, options: RecordOptions, spool: SharedFolder) -> None:
        super().__init__()
        self._data, self._options, self._spool = data, options, spool

    def process(self, job: UnitJob) -> None:
        """Holds one page or picture at a time."""
        with self._data.open(job.versions) as folder, self._spool.put() as spool:
            unit = job.unit.moved(self._data.folder, folder)
            spool_unit(folder, self._options, replace(job, unit=unit), spool)


class TakeLines(beam.DoFn):
    """Yields the examples of a unit out of the spool, each tagged with its split.

    Args:
      spool: as of `ReadUnit`.
      dropped: ids of lines that are not taken.
    """

    def __init__(self, spool: SharedFolder, dropped: Set[str]) -> None:
        super().__init__()
        self._spool, self._dropped = spool, dropped

    def process(self, number: int) -> Iterator[beam.pvalue.TaggedOutput]:
        """Yields one line at a time."""
        with self._spool.take(examples_name(number), report_name(number)) as spool:
            for line, example in read_examples(spool, number):
                if line.sample_id not in self._dropped:
                    yield beam.pvalue.TaggedOutput(line.split, example)
