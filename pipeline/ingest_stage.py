"""Stage 1: glyphs and sentences, or pictures of lines, become examples in three splits."""

from pathlib import Path

from tfx.components.example_gen.component import FileBasedExampleGen

from pipeline.config import PipelineConfig
from pipeline.fingerprint import hash_code, hash_listing
from pipeline.ingest.line_example_gen import line_example_gen
from pipeline.ingest.record_example_gen import record_example_gen
from pipeline.ingest.record_sources import RecordOptions


def ingest(config: PipelineConfig) -> FileBasedExampleGen:
    """Makes the ExampleGen over the data set's folder."""
    if isinstance(config.lines, RecordOptions):
        version = hash_code(record_example_gen.__module__) + hash_listing(config.data_dir)
        return record_example_gen(config.data_dir, config.lines, version)
    corpus = [Path(config.lines.corpus)] if config.lines.corpus else []
    version = hash_code(line_example_gen.__module__, *corpus)
    return line_example_gen(config.data_dir, config.lines, version)
