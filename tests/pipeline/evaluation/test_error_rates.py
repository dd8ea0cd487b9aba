import pytest

from pipeline.evaluation.error_rates import ErrorRates


def test_metric_on_lines_by_hand(measure):
    values = measure(ErrorRates(), ["the cat sat", "abc"], ["the cat sit", ""])
    rates = {f"{rate}{end}" for rate in ("cer", "wer") for end in ("", "_lower", "_upper")}
    assert set(values) == {"examples"} | rates
    # One substitution and three deletions in 11 + 3 characters; two of 3 + 1 words.
    assert values["cer"] == pytest.approx(4 / 14)
    assert values["wer"] == pytest.approx(2 / 4)
    assert values["examples"] == 2
    assert values["cer_lower"] <= values["cer"] <= values["cer_upper"]
