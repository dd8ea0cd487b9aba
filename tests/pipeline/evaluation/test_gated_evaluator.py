"""The matrix of honesty: what the gate lets through, what it stops, and what it says of it.

Each case runs TFX's own Evaluator on small models and reads what it leaves behind.
"""

import shutil
from pathlib import Path

import pytest

from pipeline.gate import ABSOLUTE, LineGate, SliceLimit
from schema import features
from tests.pipeline.evaluation.gate_runner import export_reader, run_gate

pytestmark = [pytest.mark.slow, pytest.mark.gate]

TRUTHS = ["the cat sat", "on the mat", "and then it", "went to bed"] * 25
"""43 characters in each four lines; those at even places are of known words."""

GATE = {"max_cer": 0.5, "max_wer": 1.0, "max_slice_cer": 0.5}


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    root = tmp_path_factory.mktemp("readers")
    return {
        wrong: export_reader(root / f"{wrong[0]}-{wrong[1]}", *wrong)
        for wrong in ((1, 1), (2, 2), (6, 6), (0, 3), (1, 0), (0, 8))
    }


@pytest.fixture
def judge(readers, tmp_path):
    """Runs the gate; models are named by their wrong letters on seen and unseen words."""

    def run(candidate, baseline=None, truths=TRUTHS, shared_pictures=0, **gate):
        judgement = run_gate(
            tmp_path,
            readers[candidate],
            readers[baseline] if baseline else None,
            truths,
            LineGate(**(GATE | gate)),
            shared_pictures,
        )
        assert_consistent(judgement)
        return judgement.verdict

    return run


def assert_consistent(judgement):
    """What ML Metadata, the files and the verdict say is the same."""
    verdict, blessing = judgement.verdict, judgement.blessing
    assert blessing.get_int_custom_property("blessed") == verdict.blessed
    assert blessing.get_string_custom_property("reason") == (verdict.reason or "")
    assert blessing.has_custom_property("current_model_id")
    [file] = [path.name for path in Path(judgement.blessing.uri).iterdir()]
    assert file == ("BLESSED" if verdict.blessed else "NOT_BLESSED")
    assert verdict.blessed == (verdict.reason is None)


def overall(verdict, name="cer"):
    return next(m for m in verdict.metrics if (m.name, m.slice_name) == (name, ""))


def test_without_baseline_the_bounds_decide_and_rates_are_right(judge):
    verdict = judge((1, 1))
    assert verdict.blessed
    cer = overall(verdict)
    # One wrong letter a line: 4 of 11 + 10 + 11 + 11 characters.
    assert cer.candidate.value == pytest.approx(4 / 43)
    assert cer.candidate.lower <= cer.candidate.value <= cer.candidate.upper
    assert (cer.examples, cer.units) == (100, 100)
    assert cer.baseline is None
    assert cer.change is None
    assert overall(verdict, "substitutions").candidate.value == pytest.approx(4 / 43)
    assert overall(verdict, "deletions").candidate.value == 0
    assert overall(verdict, "exact_lines").candidate.value == 0
    assert {"", "vocabulary: seen", "vocabulary: unseen"} <= {m.slice_name for m in verdict.metrics}


def test_above_the_bound_is_refused_and_said(judge):
    verdict = judge((6, 6), max_cer=0.4, max_slice_cer=1.0)
    assert verdict.reason == "CER 55.81% is above the bound of 40.00%"


def test_better_is_blessed_and_compared_in_pairs(judge):
    verdict = judge((1, 1), baseline=(2, 2))
    assert verdict.blessed
    cer = overall(verdict)
    assert cer.change.value == pytest.approx(-4 / 43)
    assert cer.change.upper < 0
    # Every line is better by one letter, so that little is left to chance.
    assert cer.change.upper - cer.change.lower < 0.01


def test_equal_is_blessed(judge):
    verdict = judge((1, 1), baseline=(1, 1))
    assert verdict.blessed
    cer = overall(verdict)
    assert cer.baseline == cer.candidate
    assert (cer.change.value, cer.change.lower, cer.change.upper) == (0, 0, 0)


def test_worse_than_the_baseline_is_refused_and_said(judge):
    verdict = judge((2, 2), baseline=(1, 1))
    assert verdict.reason.startswith(
        "CER 18.60% is more than 0.50% above the 9.30% of the model that serves"
    )


def test_worse_within_the_tolerance_is_blessed(judge):
    assert judge((2, 2), baseline=(1, 1), cer_tolerance=0.12, slice_cer_tolerance=0.12).blessed


def test_a_regression_that_cannot_be_ruled_out_is_refused_and_said(judge):
    # Two letters worse on half of the lines and one better on the others: 4.65 % worse.
    verdict = judge((0, 3), baseline=(1, 1), cer_tolerance=0.06, slice_cer_tolerance=1.0)
    cer = overall(verdict)
    assert cer.change.value < 0.06 < cer.change.upper
    assert "may be as much as" in verdict.reason
    assert "test on more lines" in verdict.reason


def test_gaining_on_average_and_collapsing_on_a_slice_is_refused_and_said(judge):
    verdict = judge((0, 3), baseline=(2, 2), slice_cer_tolerance=0.02)
    assert overall(verdict).change.value < 0
    assert verdict.reason.startswith("on vocabulary: unseen CER")
    assert "certainly more than 2.00% above" in verdict.reason
    refused = {(metric.slice_name, metric.name) for metric in verdict.metrics if metric.refused}
    assert refused == {("vocabulary: unseen", "cer")}


def test_a_slice_beyond_its_limit_is_refused_without_a_baseline(judge):
    verdict = judge((0, 8))
    assert overall(verdict).candidate.value < 0.5
    assert verdict.reason.startswith("on vocabulary: unseen CER 76.19% is above the bound of 50")


def test_one_slice_can_have_its_own_limit(judge):
    limit = SliceLimit(features.VOCABULARY, "unseen", 0.2)
    verdict = judge((0, 3), slice_limits=(limit,))
    assert verdict.reason == "on vocabulary: unseen CER 28.57% is above the bound of 20.00%"
    assert judge((1, 1), slice_limits=(limit,)).blessed


def test_a_slice_with_a_limit_and_no_lines_is_refused_and_said(judge):
    verdict = judge((1, 1), slice_limits=(SliceLimit(features.VOCABULARY, "mixed", 0.5),))
    assert verdict.reason == "no test lines have vocabulary mixed, which has a limit"


def test_an_empty_evaluation_set_is_no_perfect_score(judge):
    verdict = judge((1, 1), baseline=(1, 1), truths=[])
    assert verdict.reason == "nothing was evaluated: the test split is empty"
    assert not verdict.metrics


def test_lines_without_any_text_are_not_a_number_and_refused(judge):
    verdict = judge((1, 1), truths=["", ""])
    assert "CER is not a number" in verdict.reason
    assert "WER is not a number" in verdict.reason


def test_test_lines_that_training_has_seen_are_refused_and_said(judge):
    verdict = judge((1, 1), shared_pictures=2)
    assert verdict.reason == (
        "of 100 test lines 2 also in train (test/000000, test/000001): keep the splits apart"
    )


def test_a_candidate_without_the_signature_is_refused_and_said(tmp_path):
    candidate = export_reader(tmp_path / "candidate", 0, signature="serving_default")
    judgement = run_gate(tmp_path, candidate, None, TRUTHS, LineGate(**GATE))
    assert_consistent(judgement)
    assert judgement.verdict.reason == (
        "the model cannot be measured: it has no signature serving_examples"
    )


@pytest.fixture(params=["gone", "renamed", "corrupt"])
def broken_baseline(request, tmp_path):
    signature = "serving_lines" if request.param == "renamed" else "serving_examples"
    folder = export_reader(tmp_path / "baseline", 1, signature=signature)
    if request.param == "gone":
        shutil.rmtree(folder / "Format-Serving")
    if request.param == "corrupt":
        (folder / "Format-Serving" / "saved_model.pb").write_bytes(b"no model")
    words = {
        "gone": "no longer at",
        "renamed": "has no signature serving_examples",
        "corrupt": "does not load or run",
    }
    return folder, words[request.param]


def test_a_baseline_that_cannot_be_measured_is_said_and_refused(broken_baseline, readers, tmp_path):
    baseline, words = broken_baseline
    judgement = run_gate(tmp_path, readers[1, 1], baseline, TRUTHS, LineGate(**GATE))
    assert_consistent(judgement)
    assert words in judgement.verdict.reason
    assert words in judgement.verdict.baseline.broken
    # The candidate was measured nonetheless.
    assert overall(judgement.verdict).candidate.value == pytest.approx(4 / 43)


def test_by_policy_a_broken_baseline_leaves_the_limits_to_decide(readers, tmp_path):
    baseline = tmp_path / "gone"
    for candidate, blessed in (((1, 1), True), ((6, 6), False)):
        judgement = run_gate(
            tmp_path,
            readers[candidate],
            baseline,
            TRUTHS,
            LineGate(**GATE, broken_baseline=ABSOLUTE),
        )
        assert_consistent(judgement)
        assert judgement.verdict.blessed == blessed
        assert "no longer at" in judgement.verdict.baseline.broken


def test_readings_confusions_and_confidences_are_kept_for_the_report(judge):
    verdict = judge((1, 0), baseline=(2, 2))
    assert len(verdict.readings) == 24
    assert len({pair.sample_id for pair in verdict.readings}) == 24
    for pair in verdict.readings:
        assert pair.baseline_edits == 2
    assert [pair.worst for pair in verdict.readings] == [False] * 12 + [True] * 12
    # Of the worst, each has one of its letters wrong.
    assert all(pair.edits == 1 for pair in verdict.readings[12:])
    # "the cat sat" and "and then it" are of known words: t and a were read as #.
    candidate = {(c.truth, c.reading): (c.count, c.baseline) for c in verdict.confusions}
    assert candidate == {("t", "#"): (25, 25), ("a", "#"): (25, 25)}
    [each] = {part.confidence for part in verdict.calibration}
    assert each == pytest.approx(0.5)
    assert sum(part.count * part.accuracy for part in verdict.calibration) == pytest.approx(50)
