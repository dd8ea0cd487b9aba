"""However many lines are evaluated: a model is given few at once, and no stage keeps them."""

import pytest
from apache_beam.runners.portability.fn_api_runner.execution import ListBuffer
from tensorflow_model_analysis.utils import model_util
from tfx_bsl.coders import batch_util

from pipeline.evaluation.small_batches import BATCH_EXAMPLES
from pipeline.gate import LineGate
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
