"""New handwriting for known texts: in each epoch every line is set from other glyphs.

Beside the input pipeline, on training lines only. Transform made one picture of each text; here
each character takes another glyph of its kind out of all that training may see, and the line
another overlap and drift, through the same `transforms.synthesis`. A picture is never met twice.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from schema import features
from schema.alphabet import Alphabet
from schema.errors import InputError
from schema.features import GLYPH_SIDE
from transforms.synthesis import synthesise_line
from transforms.synthesis_options import SynthesisOptions

_PIXELS = GLYPH_SIDE * GLYPH_SIDE
_SPEC = {
    features.SAMPLE_ID: tf.io.FixedLenFeature([], tf.string),
    features.TEXT: tf.io.FixedLenFeature([], tf.string),
    features.GLYPHS: tf.io.FixedLenFeature([], tf.string, ""),
}


@dataclass(frozen=True)
class GlyphPool:
    """All different glyphs of the training lines, those of one character side by side.

    Args:
      glyphs: uint8 [glyphs, GLYPH_SIDE ** 2].
      starts: int32 [classes]: where the glyphs of a class begin.
      counts: int32 [classes]: how many there are; 0 for the blank.
    """

    glyphs: np.ndarray
    starts: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, lines: Iterable[tuple[str, str, bytes]], alphabet: Alphabet) -> "GlyphPool":
        """Collects the glyphs of lines.

        The order is that of the pixels, so that it does not matter who wrote the lines in which
        order.

        Args:
          lines: sample id, text and glyph stack, which is empty where a picture makes the line.
          alphabet: of the texts.

        Raises:
          InputError: a stack has not one glyph for each character; the sample is named.
        """
        found: dict[int, set[bytes]] = defaultdict(set)
        for sample_id, text, stack in lines:
            if not stack:
                continue
            if len(stack) != len(text) * _PIXELS:
                raise InputError(
                    f"expected {len(text) * _PIXELS} bytes, a glyph for each of {len(text)} "
                    f"characters, got {len(stack)} in sample {sample_id}: make the examples again"
                )
            for position, number in enumerate(alphabet.encode(text)):
                found[number].add(stack[position * _PIXELS : (position + 1) * _PIXELS])
        counts = np.array([len(found[number]) for number in range(alphabet.num_classes)], np.int32)
        ordered = (sorted(found[number]) for number in range(alphabet.num_classes))
        joined = b"".join(itertools.chain.from_iterable(ordered))
        glyphs = np.frombuffer(joined, np.uint8).reshape(-1, _PIXELS)
        return cls(glyphs, (np.cumsum(counts) - counts).astype(np.int32), counts)


class LineDealer:
    """Deals glyphs to texts, in graph and decided by a seed.

    Args:
      pool: where the glyphs come from.
      options: how they are set into a line.
    """

    def __init__(self, pool: GlyphPool, options: SynthesisOptions) -> None:
        self._glyphs = tf.constant(pool.glyphs)  # once, however many graphs use it
        self._starts, self._counts = tf.constant(pool.starts), tf.constant(pool.counts)
        self._options = options

    def deal(self, classes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Writes a text in a hand of its own.

        Args:
          classes: int32 [n], n >= 1, class numbers that the pool has glyphs of.
          seed: scalar int64; the same seed gives the same line.

        Returns:
          uint8 [GLYPH_SIDE, width], ink bright.
        """
        chance = tf.random.stateless_uniform([tf.size(classes)], seed=tf.stack([seed, 2]))
        counts = tf.gather(self._counts, classes)
        # The product may be rounded up to the count itself.
        choice = tf.minimum(tf.cast(chance * tf.cast(counts, tf.float32), tf.int32), counts - 1)
        glyphs = tf.gather(self._glyphs, tf.gather(self._starts, classes) + choice)  # [n, pixels]
        stack = tf.reshape(glyphs, [-1, GLYPH_SIDE, GLYPH_SIDE])
        return synthesise_line(stack, seed, self._options)


def make_dealer(
    files: Sequence[str], alphabet: Alphabet, options: SynthesisOptions
) -> LineDealer | None:
    """Makes the dealer over the glyphs of transformed lines, None where every line is a picture.

    Raises:
      InputError: a line has not one glyph for each character.
    """
    pool = GlyphPool.of(_read_stacks(files), alphabet)
    return LineDealer(pool, options) if len(pool.glyphs) else None


def _read_stacks(files: Sequence[str]) -> Iterator[tuple[str, str, bytes]]:
    paths = sorted(path for pattern in files for path in tf.io.gfile.glob(pattern))
    records = tf.data.TFRecordDataset(paths, compression_type="GZIP").batch(256)
    for rows in records.map(lambda batch: tf.io.parse_example(batch, _SPEC)).as_numpy_iterator():
        for row in zip(*(rows[key] for key in _SPEC), strict=True):
            yield row[0].decode(), row[1].decode(), row[2]
