import pytest

from schema.errors import InputError
from transforms.decoding_options import BEAM, GREEDY, DecodingOptions


@pytest.mark.parametrize(
    "wrong", [{"decoder": "best"}, {"beam_width": 0}, {"ngram_order": -1}, {"decoder": ""}]
)
def test_values_out_of_range_are_refused_in_one_line(wrong):
    [(name, value)] = wrong.items()
    with pytest.raises(InputError, match=f"expected {name} .*got {value!r}"):
        DecodingOptions(**wrong)


def test_both_decoders_are_offered():
    assert DecodingOptions(GREEDY).decoder == GREEDY
    assert DecodingOptions(BEAM, ngram_order=0).ngram_order == 0
