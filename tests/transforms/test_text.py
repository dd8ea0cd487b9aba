import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.alphabet import LATIN, Alphabet
from transforms.text import decode_classes, encode_text


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(LATIN.symbols), min_size=1, max_size=5))
def test_tensors_agree_with_the_alphabet_and_decode_undoes_encode(texts):
    classes = encode_text(tf.constant(texts), LATIN)
    assert classes.to_list() == [LATIN.encode(text) for text in texts]
    decoded = decode_classes(classes.to_tensor(), LATIN)
    assert [text.decode() for text in decoded.numpy()] == texts


def test_characters_of_several_bytes_are_one_class():
    alphabet = Alphabet("aéß")
    assert encode_text(tf.constant(["éß"]), alphabet).to_list() == [[2, 3]]
    assert decode_classes(tf.constant([[2, 0, 3]]), alphabet).numpy()[0].decode() == "éß"


def test_unknown_character_is_refused_and_the_text_named():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"na.*ve"):
        encode_text(tf.constant(["fine", "naïve"]), LATIN)
