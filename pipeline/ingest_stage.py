"""Stage 1: glyphs, alone or in sentences, or pictures of lines become examples in three splits."""

from pathlib import Path

from tfx.components.example_gen.component import FileBasedExampleGen

from pipeline.config import PipelineConfig
from pipeline.fingerprint import hash_code, hash_listing
from pipeline.ingest.character_example_gen import character_example_gen
from pipeline.ingest.characters import CharacterOptions
from pipeline.ingest.line_example_gen import line_example_gen
from pipeline.ingest.page_example_gen import page_example_gen
from pipeline.ingest.page_plan import PageOptions
from pipeline.ingest.record_example_gen import record_example_gen
from pipeline.ingest.record_sources import RecordOptions


def ingest(config: PipelineConfig) -> FileBasedExampleGen:
    """Makes the ExampleGen over the data set's folder."""
    if isinstance(config.data, RecordOptions):
        version = hash_code(record_example_gen.__module__) + hash_listing(config.data_dir)
        return record_example_gen(config.data_dir, config.data, version)
    if isinstance(config.data, PageOptions):
        version = hash_code(page_example_gen.__module__) + hash_listing(config.data_dir)
        return page_example_gen(config.data_dir, config.data, version)
    if isinstance(config.data, CharacterOptions):
        version = hash_code(character_example_gen.__module__)
        return character_example_gen(config.data_dir, config.data, version)
    corpus = [Path(config.data.corpus)] if config.data.corpus else []
    version = hash_code(line_example_gen.__module__, *corpus)
    return line_example_gen(config.data_dir, config.data, version)
