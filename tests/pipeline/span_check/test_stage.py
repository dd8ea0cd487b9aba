"""The stages up to the span check, run by TFX over spans of labelled lines."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from pipeline.arguments import make_config, make_parser
from pipeline.ingest.records import LineRecord
from pipeline.ingest.spans import SOURCE, write_span
from pipeline.ingest_stage import ingest
from pipeline.pipeline import BEAM_ARGS
from pipeline.run_metadata import RunMetadata
from pipeline.span_check.comparison import read_comparison
from pipeline.span_check.executor import COMPARISON
from pipeline.span_check.options import STOP, WARN, SpanCheckOptions
from pipeline.span_check_stage import check_span
from pipeline.validate_stage import validate
from schema.errors import InputError

pytestmark = pytest.mark.slow

LINES = 80


def lines(seed, inverted=False):
    """Yields lines of dark noise on light paper, or the other way round."""
    rng = np.random.default_rng(seed)
    for number in range(LINES):
        text = "".join(rng.choice(list("abcdef"), rng.integers(5, 12)))
        image = rng.integers(180, 230, (40, 30 * len(text)), np.uint8)
        image[10:20] = rng.integers(20, 60, image[10:20].shape)
        yield LineRecord(f"{seed}-{number}", 255 - image if inverted else image, text, SOURCE)


class Runs:
    """Runs the first stages over one span each."""

    def __init__(self, folder):
        self.spans, self.workspace = folder / "spans", folder / "workspace"

    def run(self, span, policy=WARN):
        """Returns the comparison and the state of each stage."""
        arguments = ("--dataset", "labeled", "--data-dir", self.spans, "--workspace")
        ends = ("--set", f"first_span={span}", "--set", f"last_span={span}")
        words = map(str, (*arguments, self.workspace, *ends))
        config = make_config(make_parser("test", "").parse_args(list(words)))
        config = dataclasses.replace(config, span_check=SpanCheckOptions(policy))
        examples = ingest(config)
        validation = validate(examples, config)
        LocalDagRunner().run(
            Pipeline(
                pipeline_name=config.pipeline_name,
                pipeline_root=str(config.pipeline_root),
                components=[
                    examples,
                    *validation,
                    *check_span(examples, validation, config).components,
                ],
                enable_cache=True,
                metadata_connection_config=metadata.sqlite_metadata_connection_config(
                    str(config.database)
                ),
                beam_pipeline_args=list(BEAM_ARGS),
            )
        )
        run = RunMetadata(config.database, config.pipeline_name)
        states = {stage.name: stage.state for stage in run.stages()}
        return read_comparison(Path(run.output("SpanCheck", COMPARISON).uri)), states


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    made = Runs(tmp_path_factory.mktemp("runs"))
    made.workspace.mkdir()
    for seed, inverted in enumerate((False, False, True)):
        write_span(lines(seed, inverted), made.spans, tool="a test")
    return made


def test_each_span_is_held_against_the_last_one_that_passed(runs):
    first, _ = runs.run(1)
    assert first.last is None
    assert "the first of this pipeline" in first.describe()

    again, states = runs.run(1)
    assert again == first
    assert states["SpanCheck"] == "cached"

    second, _ = runs.run(2)
    assert "span 1 version 1" in second.last
    assert not second.skewed
    assert "train" in {shift.split for shift in second.shifts}
    assert "test has too few examples to tell every change from chance" in second.notes

    # What was stopped is no yardstick: the next span is held against the second one.
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            runs.run(3, STOP)
        told = str(caught.value)
        assert re.search("span 3 version 1.* is unlike .*span 2 version 1", told)
        assert "brightness_mean (train) diverges by 1.00" in told
        assert "\n" not in told

    warned, _ = runs.run(3, WARN)
    assert "span 2 version 1" in warned.last
    skewed = {shift.feature for shift in warned.skewed}
    assert "brightness_mean" in skewed
    assert not skewed & {"text_length", "image_height", "aspect"}
    back, states = runs.run(2)
    assert states["StatisticsGen"] == "cached"
    assert states["SpanCheck"] == "ran"
    assert "span 3 version 1" in back.last
    assert back.skewed
