"""Evens out how often each class occurs among glyphs.

After the glyph readers, as the option `balance`: EMNIST ByClass has about twenty times more of
its most frequent class than of its rarest.
"""

import numpy as np


def balance_classes(characters: np.ndarray, seed: int = 0) -> np.ndarray:
    """Keeps at most as many glyphs of each class as the median class has.

    The frequent half of the classes is cut down, the rare half stays whole: nothing is repeated,
    so no image can be learned by heart for its class's sake. For training only; a test set keeps
    its official frequencies.

    Args:
      characters: [n], what each glyph of a split shows.
      seed: decides which glyphs of a frequent class stay.

    Returns:
      [m], int64: the numbers of the kept glyphs, rising.
    """
    if not len(characters):
        return np.arange(0)
    _, classes, counts = np.unique(characters, return_inverse=True, return_counts=True)
    limit = max(1, int(np.median(counts)))
    order = np.random.default_rng(seed).permutation(len(characters))
    by_class = order[np.argsort(classes[order], kind="stable")]  # [n], shuffled within a class
    starts = np.cumsum(counts) - counts
    rank = np.arange(len(characters)) - np.repeat(starts, counts)
    return np.sort(by_class[rank < limit])
