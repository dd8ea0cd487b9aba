"""What `ingest.py` measures, each case in a process of its own that prints one JSON object.

    python benchmarks/ingest_cases.py CASE FOLDER COUNT WORKERS

The peer of Beam is a plain loop: one process, one thread, NumPy arrays in memory, no Beam. Each
case does the same work twice over: glyphs to ingested examples (`ingest`), and glyphs to the
pictures of lines that Transform makes of those examples (`pictures`).
"""

import gzip
import io
import json
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from main_job import ROOT

sys.path.insert(0, str(ROOT))

GLYPHS_A_LINE = 21
"""Roughly, in generated sentences of up to 34 characters; the exact count is told."""

SOURCE = "emnist-benchmark"


def plan(folder: Path, glyphs: int) -> Any:
    """Plans training lines of about so many glyphs."""
    from pipeline.ingest.lines import LineOptions, plan_lines

    return plan_lines(folder, LineOptions(glyphs // GLYPHS_A_LINE, 1, 1))


def count_glyphs(planned: Any) -> int:
    """Returns the glyphs of all planned lines; a space has none."""
    texts = (text for split in planned.texts.values() for text in split)
    return sum(len(text) - text.count(" ") for text in texts)


def loop_over_lines(planned: Any) -> Iterator[tuple[Any, Any, bytes]]:
    """Yields each line, its glyph stack and its ingested example, glyphs in memory."""
    import numpy as np

    from pipeline.ingest.emnist import read_glyphs
    from pipeline.ingest.example_bytes import serialise_line
    from pipeline.ingest.glyph_store import number_glyphs
    from pipeline.ingest.spelling import choose_glyphs
    from schema.splits import SPLITS
    from transforms.image_facts import measure_image

    images, numbers = {}, {}
    for split in SPLITS:
        glyphs = read_glyphs(getattr(planned.glyphs, split))
        order = np.argsort(glyphs.characters, kind="stable")
        # The last image is the paper of a space: its number, `NO_GLYPH`, is -1.
        images[split] = np.concatenate([glyphs.images[order], np.zeros((1, 28, 28), np.uint8)])
        numbers[split] = number_glyphs(glyphs.characters)
    for chunk in planned.chunks():
        for line in choose_glyphs(chunk, numbers[chunk.split], 0):
            stack = images[chunk.split][line.glyphs]
            facts = measure_image(np.concatenate(stack, axis=1))
            example = serialise_line(
                line.sample_id,
                line.text,
                SOURCE,
                line.vocabulary,
                facts,
                stack.tobytes(),
                seed=line.seed,
            )
            yield line, stack, example


def write_records(examples: Iterator[bytes]) -> None:
    """Writes length and bytes of each example into a gzip file, as TFRecord without checksums."""
    with tempfile.TemporaryFile() as file, gzip.open(file, "wb", 6) as stream:
        for example in examples:
            stream.write(struct.pack("<Q", len(example)) + example)


def draw_line(stack: Any, seed: int) -> bytes:
    """Sets glyphs side by side with one random overlap, added wide and clipped, as PNG."""
    import numpy as np
    from PIL import Image

    advance = 28 - int(np.random.default_rng(seed).uniform(0.0, 0.33) * 28)
    line = np.zeros((28, (len(stack) - 1) * advance + 28), np.int32)
    for number, glyph in enumerate(stack):
        line[:, number * advance : number * advance + 28] += glyph
    stream = io.BytesIO()
    Image.fromarray(np.minimum(line, 255).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def loop_ingest(folder: Path, glyphs: int, _: int) -> int:
    """Glyphs to ingested examples, by the plain loop."""
    planned = plan(folder, glyphs)
    write_records(example for _, _, example in loop_over_lines(planned))
    return count_glyphs(planned)


def loop_pictures(folder: Path, glyphs: int, _: int) -> int:
    """Glyphs to pictures of lines, by the plain loop; no intermediate file."""
    from pipeline.ingest.example_bytes import serialise_example
    from schema import features

    planned = plan(folder, glyphs)
    write_records(
        serialise_example({features.TEXT: line.text, features.IMAGE: draw_line(stack, line.seed)})
        for line, stack, _ in loop_over_lines(planned)
    )
    return count_glyphs(planned)


def beam_arguments(workers: int) -> list[str]:
    """Returns the runner's arguments: in this process, or with worker processes."""
    from pipeline.beam.options import BeamOptions, beam_args

    return list(beam_args(BeamOptions(workers=workers)))


def run_executor(executor: Any, component: Any, workers: int) -> None:
    """Runs a component's executor as TFX does, into a temporary folder."""
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
    from tfx.types import standard_artifacts

    with tempfile.TemporaryDirectory() as place:
        examples = standard_artifacts.Examples()
        examples.uri = f"{place}/examples"
        context = BaseBeamExecutor.Context(
            beam_pipeline_args=beam_arguments(workers), tmp_dir=place, unique_id="1"
        )
        output = {"examples": [examples]}
        executor(context).Do({}, output, dict(component.exec_properties))


def beam_ingest(folder: Path, glyphs: int, workers: int) -> int:
    """Glyphs to ingested examples: the ExampleGen's executor."""
    from pipeline.ingest.line_example_gen import LineExecutor, line_example_gen
    from pipeline.ingest.lines import LineOptions

    planned = plan(folder, glyphs)
    options = LineOptions(glyphs // GLYPHS_A_LINE, 1, 1)
    run_executor(LineExecutor, line_example_gen(folder, options, "1"), workers)
    return count_glyphs(planned)


def beam_pictures(folder: Path, glyphs: int, workers: int) -> int:
    """Glyphs to pictures of lines: the workers spell, then draw in graph as Transform does."""
    import apache_beam as beam
    from ingest_drawing import DrawInGraph

    from pipeline.buckets.shared_folder import SharedFolder
    from pipeline.ingest.line_example_gen import spell_chunks

    planned = plan(folder, glyphs)
    with (
        tempfile.TemporaryDirectory() as place,
        beam.Pipeline(argv=beam_arguments(workers)) as pipeline,
    ):
        chunks = pipeline | beam.Create(planned.chunks())
        spelled = spell_chunks(chunks, planned.glyphs, SharedFolder(place), SOURCE, 0)
        for split, examples in spelled.items():
            batches = examples | f"Batch {split}" >> beam.BatchElements(64, 64)
            drawn = batches | f"Draw {split}" >> beam.ParDo(DrawInGraph())
            _ = drawn | f"Write {split}" >> beam.io.WriteToTFRecord(
                f"{place}/{split}", file_name_suffix=".gz"
            )
    return count_glyphs(planned)


def read_pages_only(folder: Path, _: int, __: int) -> int:
    """Pages for the detector, one after the other in one process."""
    from pipeline.ingest.pages.reader import read_pages
    from pipeline.ingest.records import Problems

    return sum(1 for _ in read_pages(folder, Problems(1.0)))


def plan_pages(folder: Path, _: int, __: int) -> int:
    """The plan of a run on pages."""
    from pipeline.ingest.record_plan import plan_records
    from pipeline.ingest.record_sources import RecordOptions

    options = RecordOptions("pages", alphabet="data", tolerated_share=0.05)
    return len(plan_records(folder, options).units)


def beam_pages(folder: Path, _: int, workers: int) -> int:
    """Lines cut out of pages: the ExampleGen's executor."""
    from pipeline.ingest.record_example_gen import RecordExecutor, record_example_gen
    from pipeline.ingest.record_sources import RecordOptions

    options = RecordOptions("pages", alphabet="data", tolerated_share=0.05)
    pages = plan_pages(folder, 0, 0)
    run_executor(RecordExecutor, record_example_gen(folder, options, "1"), workers)
    return pages


CASES: dict[str, Callable[[Path, int, int], int]] = {
    function.__name__: function
    for function in (
        *(loop_ingest, beam_ingest, loop_pictures, beam_pictures),
        *(read_pages_only, plan_pages, beam_pages),
    )
}


def import_all(case: str) -> None:
    """Imports what a case needs, so that its seconds are those of the work."""
    import numpy  # noqa: F401
    import PIL.Image  # noqa: F401

    import pipeline.ingest.lines
    import pipeline.ingest.record_plan

    if case.startswith("beam"):
        import pipeline.ingest.line_example_gen
        import pipeline.ingest.record_example_gen
        import pipeline.pipeline  # noqa: F401


def cpu_seconds() -> float:
    """Returns the processor time of this process and of the workers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def peak_mib() -> float:
    """Returns the most memory that this process has had resident."""
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def main() -> None:
    """Runs one case."""
    case, folder, count, workers = sys.argv[1:]
    import_all(case)
    before = peak_mib()
    started, used = time.monotonic(), cpu_seconds()
    done = CASES[case](Path(folder), int(count), int(workers))
    print(
        json.dumps(
            {
                "items": done,
                "seconds": round(time.monotonic() - started, 2),
                "cpu_seconds": round(cpu_seconds() - used, 2),
                "peak_mib": round(peak_mib()),
                "peak_mib_after_imports": round(before),
            }
        )
    )


if __name__ == "__main__":
    main()
