"""Evens out how often each class occurs among glyphs.

After the glyph readers, as the option `balance`: EMNIST ByClass has about twenty times more of
its most frequent class than of its rarest.
"""

from typing import TypeVar

import numpy as np

from pipeline.ingest.emnist import GlyphIndex, Glyphs

AnyGlyphs = TypeVar("AnyGlyphs", Glyphs, GlyphIndex)


def balance_classes(glyphs: AnyGlyphs, seed: int = 0) -> AnyGlyphs:
    """Keeps at most as many glyphs of each class as the median class has.

    The frequent half of the classes is cut down, the rare half stays whole: nothing is repeated,
    so no image can be learned by heart for its class's sake. For training only; a test set keeps
    its official frequencies.

    Args:
      glyphs: of one split.
      seed: decides which glyphs of a frequent class stay.

    Returns:
      A selection in the order of the input.
    """
    if not len(glyphs):
        return glyphs
    _, classes, counts = np.unique(glyphs.characters, return_inverse=True, return_counts=True)
    limit = max(1, int(np.median(counts)))
    order = np.random.default_rng(seed).permutation(len(glyphs))
    by_class = order[np.argsort(classes[order], kind="stable")]  # [n], shuffled within a class
    starts = np.cumsum(counts) - counts
    rank = np.arange(len(glyphs)) - np.repeat(starts, counts)
    return glyphs.select(np.sort(by_class[rank < limit]))
