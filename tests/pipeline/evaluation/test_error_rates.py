import jiwer
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.error_rates import ErrorRates


def test_metric_on_lines_by_hand(measure):
    values = measure(ErrorRates(), ["the cat sat", "abc"], ["the cat sit", ""])
    # One substitution and three deletions in 11 + 3 characters; two of 3 + 1 words.
    assert values["cer"] == 4 / 14
    assert values["wer"] == 2 / 4
    assert values["substitutions"] == 1 / 14
    assert values["insertions"] == 0
    assert values["deletions"] == 3 / 14
    assert values["exact_lines"] == 0
    assert values["examples"] == values["units"] == 2
    for rate in ErrorRates.rates:
        assert values[f"{rate}_lower"] <= values[rate] <= values[f"{rate}_upper"]


TEXTS = st.text("ab cdé.", max_size=12).map(str.strip)


@given(lines=st.lists(st.tuples(TEXTS.filter(bool), TEXTS), min_size=1, max_size=20))
def test_rates_are_those_of_jiwer_to_the_last_digit(lines):
    truths, readings = map(list, zip(*lines, strict=True))
    counts = [ErrorRates.count(*line) for line in lines]

    def rate(name):
        return sum(c[name][0] for c in counts) / sum(c[name][1] for c in counts)

    characters = jiwer.process_characters(truths, readings)
    words = jiwer.process_words(truths, readings)
    assert rate("cer") == characters.cer
    assert rate("wer") == words.wer
    edits = characters.substitutions + characters.insertions + characters.deletions
    parts = ("substitutions", "insertions", "deletions")
    assert sum(c[part][0] for c in counts for part in parts) == edits
