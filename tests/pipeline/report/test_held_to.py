from pipeline.gate import CharacterGate, DetectorGate, LineGate, SliceLimit
from pipeline.report.held_to import describe_gate


def said(gate, unit="lines", has_slices=True) -> list[str]:
    sentences = describe_gate(gate, unit, has_slices)
    return [sentence.replace("\N{NO-BREAK SPACE}", " ") for sentence in sentences]


def test_every_demand_on_lines_is_said_in_words():
    assert said(LineGate(max_cer=0.1, confidence_level=0.9, resamples=2000)) == [
        "Character error rate (CER): at most 10.00 %, and no more than 0.50 points above the "
        "champion. This one decides: the whole interval of the change must lie within that.",
        "Word error rate (WER): at most 70.00 %, and no more than 2.00 points above the champion.",
        "Character error rate (CER) on any slice of the lines: not certainly above 75.00 %, nor "
        "more than 2.00 points above the champion.",
        "“Certainly” means with the whole interval. Intervals hold with a confidence of 90 %; "
        "they come from 2,000 resamples of the test lines, the same ones for both models.",
    ]


def test_accuracies_may_not_be_lower():
    first, slices, _ = said(CharacterGate(), "characters")
    assert first.startswith("Accuracy: at least 60.00 %, and no more than 1.00 points below the")
    assert slices.endswith(
        "not certainly below 20.00 %, nor more than 3.00 points below the champion."
    )


def test_single_slices_have_their_own_sentence():
    limits = (SliceLimit("writer", "w3", 0.2), SliceLimit("source", "iam", 0.1))
    assert said(LineGate(slice_limits=limits))[3:5] == [
        "Character error rate (CER) where writer is w3: at most 20.00 %.",
        "Character error rate (CER) where source is iam: at most 10.00 %.",
    ]


def test_without_slices_nothing_is_said_of_them():
    assert not any("slice" in sentence for sentence in said(LineGate(), has_slices=False))
    assert not any("slice" in sentence for sentence in said(DetectorGate(), "pages"))
