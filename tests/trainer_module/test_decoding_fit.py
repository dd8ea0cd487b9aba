import numpy as np
import pytest

from schema.alphabet import Alphabet
from trainer_module.confidence_fit import LineLogits, judge, spell
from trainer_module.decoding_fit import (
    choose_cautious,
    collect_logits,
    describe_decoding,
    fit_decoding,
)
from transforms.decoding import decode
from transforms.decoding_options import BEAM, GREEDY, DecodingOptions
from transforms.line_decoding import LineDecoding

ABC = Alphabet("abc")
TRUTHS = ("abcabc", "abab", "", "ccc", "bcabca", "a")
FRAMES = 14


def logits_of(text, doubt=()):
    """A frame and a blank for each character; at doubtful places the two likeliest are level."""
    logits = np.zeros((FRAMES, ABC.num_classes), np.float32)
    logits[:, 0] = 9.0
    for place, number in enumerate(ABC.encode(text)):
        logits[2 * place + 1, number] = 18.0
        if place in doubt:
            logits[2 * place + 1, 1 + number % 3] = 18.1
    return logits


def lines(*doubts):
    doubts = doubts or ((),) * len(TRUTHS)
    rows = [logits_of(text, doubt) for text, doubt in zip(TRUTHS, doubts, strict=True)]
    return [LineLogits(np.stack(rows[:4]), TRUTHS[:4]), LineLogits(np.stack(rows[4:]), TRUTHS[4:])]


def test_every_option_gives_a_decoding_that_reads():
    for options in (
        DecodingOptions(GREEDY),
        DecodingOptions(BEAM, beam_width=4, ngram_order=0),
        DecodingOptions(BEAM, beam_width=4, ngram_order=3),
    ):
        decoding, reliability = fit_decoding(options, ["abc", "cab"], lines(), ABC)
        assert (decoding.automaton is None) == (
            options.decoder == GREEDY or not options.ngram_order
        )
        for batch in lines():
            classes = decode(batch.logits, decoding)[0].numpy()
            assert [spell(row, ABC) for row in classes] == list(batch.texts)
        assert sum(each.count for each in reliability.lines) == len(TRUTHS)
        assert sum(each.count for each in reliability.characters) == sum(map(len, TRUTHS))


def test_the_weights_are_those_that_read_best():
    # Every second character is in doubt; the training texts know what follows.
    doubtful = lines((1, 3), (1, 3), (), (), (1, 3), ())
    options = DecodingOptions(BEAM, beam_width=8, ngram_order=3)
    greedy, _ = fit_decoding(DecodingOptions(GREEDY), [], doubtful, ABC)
    beam, _ = fit_decoding(options, ["abcabcabc", "ababab", "bcabca"] * 20, doubtful, ABC)
    assert beam.alpha > 0

    def wrong(decoding):
        return int(np.sum(~judge(decoding, doubtful, ABC)[0].right))

    assert wrong(beam) < wrong(greedy) == 3


def test_a_language_model_that_helps_nothing_has_no_say():
    options = DecodingOptions(BEAM, beam_width=8, ngram_order=3)
    decoding, _ = fit_decoding(options, ["ccc", "aaa"], lines(), ABC)
    assert (decoding.alpha, decoding.beta) == (0, 0)


@pytest.mark.parametrize(
    ("edits", "chosen"),
    [
        # Worse by 1, all of it in one of four lines: 1 <= 2 * sqrt(3 / 16) is false.
        ([[1, 1, 1, 2], [1, 1, 1, 1]], 1),
        # Worse by 1, in lines that differ both ways: 1 <= 2 * sqrt(3 / 4 - 1 / 16).
        ([[2, 0, 1, 2], [1, 1, 1, 1]], 0),
        ([[3, 3, 3, 3], [2, 0, 1, 2], [1, 1, 1, 1], [1, 1, 1, 1]], 1),
        ([[1, 2], [1, 2]], 0),
    ],
)
def test_the_first_choice_within_a_standard_error_is_taken(edits, chosen):
    assert choose_cautious(np.array(edits)) == chosen


def test_what_is_judged_right():
    # Truth "abcabc", read as "accabc".
    judged_lines, characters = judge(LineDecoding(), lines((1,), (), (), (), (), ()), ABC)
    assert judged_lines.right.tolist() == [False, True, True, True, True, True]
    assert characters.right[:6].tolist() == [True, False, True, True, True, True]
    assert characters.right[6:].all()
    assert np.bincount(characters.line, minlength=6).tolist() == [len(text) for text in TRUTHS]
    assert characters.evidence[1, 0] < characters.evidence[0, 0]


def test_logits_are_collected_with_their_texts():
    batches = [({"x": batch.logits}, _labels(batch.texts)) for batch in lines()]
    found = collect_logits(lambda inputs: _Tensor(inputs["x"]), batches, ABC)
    assert [batch.texts for batch in found] == [TRUTHS[:4], TRUTHS[4:]]
    np.testing.assert_array_equal(found[0].logits, lines()[0].logits)


def test_the_model_card_tells_what_was_fitted():
    told = describe_decoding(LineDecoding(DecodingOptions(BEAM), None, 0.5, 1.0))
    assert told["decoder"] == BEAM
    assert told["ngram_contexts"] == 0
    assert told["alpha"] == pytest.approx(0.5)
    assert told["line_calibration"] == {"weights": [1.0], "bias": 0.0}


class _Tensor:
    def __init__(self, values):
        self._values = values

    def numpy(self):
        return self._values


def _labels(texts):
    longest = max(map(len, texts))
    rows = [[*ABC.encode(text), *[0] * (longest - len(text))] for text in texts]
    return _Tensor(np.array(rows, np.int32))
