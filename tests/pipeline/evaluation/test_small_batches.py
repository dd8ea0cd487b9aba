"""However many lines are evaluated: a model is given few at once, and no stage keeps them."""

import pyarrow as pa
import pytest
import tensorflow_model_analysis as tfma
from apache_beam.runners.portability.fn_api_runner.execution import ListBuffer
from tensorflow_model_analysis.utils import model_util
from tfx_bsl.coders import batch_util

from pipeline.evaluation.small_batches import BATCH_EXAMPLES, SmallBatches
from pipeline.gate import LineGate
from schema.features import LINE_WIDTH
from tests.pipeline.evaluation.gate_runner import export_reader, run_gate

pytestmark = pytest.mark.slow

LINES = 150


@pytest.fixture
def _large_batches(monkeypatch):
    """Has Beam make one batch of all lines, as it does in time where a model is fast."""
    size = {"min_batch_size": LINES, "max_batch_size": LINES}
    monkeypatch.setattr(batch_util, "GetBatchElementsKwargs", lambda *_: size)


@pytest.fixture
def given(monkeypatch):
    """Returns how many examples each call of a model was given."""
    counts = []
    find = model_util.get_callable

    def find_counted(model, *arguments):
        call = find(model, *arguments)

        def counted(examples):
            counts.append(len(examples))
            return call(examples)

        return call and counted

    monkeypatch.setattr(model_util, "get_callable", find_counted)
    return counts


@pytest.fixture
def kept(monkeypatch):
    """Returns what Beam's local runner holds in memory from one stage to the next."""
    pieces = []
    append = ListBuffer.append

    def append_noted(buffer, piece):
        pieces.append(bytes(piece))
        append(buffer, piece)

    monkeypatch.setattr(ListBuffer, "append", append_noted)
    return pieces


@pytest.mark.usefixtures("_large_batches")
def test_a_model_is_given_few_lines_at_once_and_no_stage_keeps_pictures(tmp_path, given, kept):
    model = export_reader(tmp_path / "model", seen=1)
    truths = [f"line {number}" for number in range(LINES)]
    verdict = run_gate(tmp_path, model, None, truths, LineGate(max_cer=1.0, max_wer=1.0)).verdict
    [cer] = [m for m in verdict.metrics if (m.name, m.slice_name) == ("cer", "")]
    assert cer.examples == LINES
    assert given == [BATCH_EXAMPLES, BATCH_EXAMPLES, LINES - 2 * BATCH_EXAMPLES]
    assert kept
    assert not any(b"picture " in piece for piece in kept)


def batches(*widths):
    names = iter(range(sum(map(len, widths))))
    return [
        pa.record_batch(
            [pa.array([[width] for width in group]), pa.array([[next(names)] for _ in group])],
            names=[LINE_WIDTH, "name"],
        )
        for group in widths
    ]


def cut(*given):
    """Yields the record batches that one bundle of others becomes."""
    function = SmallBatches()
    function.start_bundle()
    for batch in given:
        for piece in function.process({tfma.ARROW_RECORD_BATCH_KEY: batch}):
            yield piece[tfma.ARROW_RECORD_BATCH_KEY]
    for windowed in function.finish_bundle():
        yield windowed.value[tfma.ARROW_RECORD_BATCH_KEY]


def test_lines_of_like_width_come_together_and_none_is_lost():
    widths = [[(7 * n) % 601 + 1 for n in range(size)] for size in (40, 400, 100, 1, 90)]
    pieces = list(cut(*batches(*widths)))
    assert [piece.num_rows for piece in pieces] == [64] * 8 + [28, 64, 27]
    told = [[row[0] for row in piece.column(0).to_pylist()] for piece in pieces]
    for gathered in (told[:9], told[9:]):
        together = [width for piece in gathered for width in piece]
        assert together == sorted(together)
    names = [row[0] for piece in pieces for row in piece.column(1).to_pylist()]
    assert sorted(names) == list(range(631))
    flat = [width for group in widths for width in group]
    assert [flat[name] for name in names] == [width for piece in told for width in piece]


def test_examples_without_a_width_stay_in_order():
    bare = [
        pa.record_batch([batch.column(1)], names=["name"]) for batch in batches([3, 1, 2], [9, 8])
    ]
    [piece] = cut(*bare)
    assert piece.column(0).to_pylist() == [[name] for name in range(5)]


def test_a_bundle_of_nothing_is_cut_into_nothing():
    assert not list(cut())
