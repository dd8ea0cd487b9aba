"""Stage 1: glyphs and sentences become examples of lines in three splits."""

from pathlib import Path

from tfx.components.example_gen.component import FileBasedExampleGen

from pipeline.config import PipelineConfig
from pipeline.fingerprint import hash_code
from pipeline.ingest.line_example_gen import line_example_gen


def ingest(config: PipelineConfig) -> FileBasedExampleGen:
    """Makes the ExampleGen over the data set's folder."""
    corpus = [Path(config.lines.corpus)] if config.lines.corpus else []
    version = hash_code(line_example_gen.__module__, *corpus)
    return line_example_gen(config.data_dir, config.lines, version)
