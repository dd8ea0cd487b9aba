"""Serialises the ingested `tf.train.Example` of a line without TensorFlow.

Called on Beam's workers, whose start TensorFlow's import would delay by many seconds. The bytes
are those of protocol buffers' wire format; tests parse them with TensorFlow.

Sources: tensorflow/core/example/{example,feature}.proto, and "Encoding" of Protocol Buffers'
documentation.
"""

import struct
from collections.abc import Mapping

from schema import features
from transforms.image_facts import ImageFacts

_DELIMITED = 2  # the wire type of strings, messages and packed numbers
_BYTES_LIST, _FLOAT_LIST, _INT64_LIST = 1, 2, 3  # fields of Feature


def serialise_line(
    sample_id: str,
    text: str,
    source: str,
    vocabulary: str,
    facts: ImageFacts,
    glyphs: bytes = b"",
    image: bytes = b"",
    seed: int = 0,
    writer: str = "",
    page: str = "",
) -> bytes:
    """Builds the example of a line: of its glyph stack and seed, or of its picture."""
    return serialise_example(
        {
            features.SAMPLE_ID: sample_id,
            features.TEXT: text,
            features.SOURCE: source,
            features.WRITER: writer,
            features.PAGE: page,
            features.VOCABULARY: vocabulary,
            features.TEXT_LENGTH: len(text),
            features.IMAGE_HEIGHT: facts.height,
            features.IMAGE_WIDTH: facts.width,
            features.ASPECT: facts.aspect,
            features.INK_RATIO: facts.ink_ratio,
            features.BRIGHTNESS_MEAN: facts.brightness_mean,
            features.BRIGHTNESS_DEVIATION: facts.brightness_deviation,
            features.SHARPNESS: facts.sharpness,
            features.GLYPHS: glyphs,
            features.IMAGE: image,
            features.SEED: seed,
        }
    )


def serialise_example(values: Mapping[str, str | bytes | int | float]) -> bytes:
    """Returns a `tf.train.Example` with one value a feature, in the order of `values`.

    Args:
      values: text becomes UTF-8 in a bytes list, int an int64 (-2**63 .. 2**63 - 1), float a
        float32.
    """
    entries = [
        # A map is a repeated message of key and value.
        _field(1, _field(1, key.encode()) + _field(2, _feature(value)))
        for key, value in values.items()
    ]
    return _field(1, b"".join(entries))


def _feature(value: str | bytes | int | float) -> bytes:
    if isinstance(value, int):
        packed = _varint(value & 0xFFFF_FFFF_FFFF_FFFF)  # two's complement, as int64 is written
        return _field(_INT64_LIST, _field(1, packed))
    if isinstance(value, float):
        return _field(_FLOAT_LIST, _field(1, struct.pack("<f", value)))
    encoded = value.encode() if isinstance(value, str) else value
    return _field(_BYTES_LIST, _field(1, encoded))


def _field(number: int, content: bytes) -> bytes:
    """Returns a length-delimited field."""
    return _varint(number << 3 | _DELIMITED) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Returns a number from 0 in groups of seven bits, the lowest first."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
