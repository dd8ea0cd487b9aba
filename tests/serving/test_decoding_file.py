import numpy as np
import pytest

from schema.errors import InputError
from serving.decoding_file import read_decoding, write_decoding
from transforms.calibration import Calibration
from transforms.decoding_options import BEAM, DecodingOptions
from transforms.line_decoding import LineDecoding
from transforms.ngram import learn_ngrams

FITTED = LineDecoding(
    DecodingOptions(BEAM, 12, 3),
    learn_ngrams([[1, 2], [2]], 3, 3, 20),
    0.5,
    2.0,
    Calibration((0.7, 0.1), -0.5),
    Calibration((0.9,), 0.25),
)


def same(one: LineDecoding, other: LineDecoding) -> bool:
    fields = ("options", "alpha", "beta", "characters", "lines")
    return all(getattr(one, name) == getattr(other, name) for name in fields)


def test_what_is_written_is_read(tmp_path) -> None:
    write_decoding(FITTED, tmp_path / "decoding.npz")
    read = read_decoding(tmp_path / "decoding.npz")
    assert same(read, FITTED)
    assert read.automaton is not None
    np.testing.assert_array_equal(read.automaton.log_prob, FITTED.automaton.log_prob)
    np.testing.assert_array_equal(read.automaton.next_state, FITTED.automaton.next_state)


def test_a_decoder_without_a_language_model_as_well(tmp_path) -> None:
    write_decoding(LineDecoding(), tmp_path / "decoding.npz")
    read = read_decoding(tmp_path / "decoding.npz")
    assert same(read, LineDecoding())
    assert read.automaton is None


@pytest.mark.parametrize("content", [None, b"", b"soup", b"PK\x03\x04soup"])
def test_something_else_is_one_line(tmp_path, content) -> None:
    path = tmp_path / "decoding.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"expected the decoder of a line model, got .*\.npz"):
        read_decoding(path)


def test_an_archive_of_other_arrays_is_one_line(tmp_path) -> None:
    np.savez(tmp_path / "decoding.npz", settings=np.array('{"options": {"soup": 1}}'))
    with pytest.raises(InputError, match="got TypeError"):
        read_decoding(tmp_path / "decoding.npz")
