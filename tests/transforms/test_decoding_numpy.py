import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import confidence, confidence_numpy, decoding
from transforms.calibration import Calibration
from transforms.decoding_numpy import LineDecoder
from transforms.decoding_options import BEAM, GREEDY, DecodingOptions
from transforms.line_decoding import LineDecoding
from transforms.ngram import learn_ngrams

CLASSES = 5
LEARNED = learn_ngrams([[1, 2, 1, 4], [1, 1], [2, 1, 1, 2], [3], []], CLASSES, 3, 50)
FITTED = {"characters": Calibration((0.7, 0.4), 0.3), "lines": Calibration((0.6,), -0.2)}
DECODINGS = {
    "greedy": LineDecoding(DecodingOptions(GREEDY)),
    "greedy, calibrated": LineDecoding(DecodingOptions(GREEDY), **FITTED),
    "beam alone": LineDecoding(DecodingOptions(BEAM, 8, 0), **FITTED),
    "beam": LineDecoding(DecodingOptions(BEAM, 16, 3), LEARNED, 0.75, 1.0, **FITTED),
}


def test_nothing_stands_for_no_character_as_with_tensorflow():
    assert confidence_numpy.NO_CHARACTER == confidence.NO_CHARACTER


@pytest.mark.parametrize("name", DECODINGS)
@settings(deadline=None, max_examples=20)
@given(st.integers(1, 20), st.sampled_from([0.5, 3.0, 9.0]), st.integers(0, 2**31 - 1))
def test_it_reads_as_with_tensorflow(name, frames, scale, seed):
    logits = np.random.default_rng(seed).normal(0, scale, (frames, CLASSES)).astype(np.float32)
    expected = decoding.read_logits(logits[np.newaxis], DECODINGS[name])
    got = LineDecoder(DECODINGS[name], CLASSES).read(logits)
    classes = expected.classes.numpy()[0]
    assert got.classes == classes[classes > 0].tolist()
    assert got.confidence == pytest.approx(float(expected.confidence[0]), abs=2e-3)
    np.testing.assert_allclose(
        got.character_confidences, expected.character_confidences[0], atol=2e-3
    )


def test_a_line_of_nothing_has_a_confidence_and_no_characters():
    reading = LineDecoder(LineDecoding(), CLASSES).read(np.eye(1, CLASSES, dtype=np.float32) * 30)
    assert reading.classes == reading.character_confidences == []
    assert reading.confidence == pytest.approx(1.0, abs=1e-5)
