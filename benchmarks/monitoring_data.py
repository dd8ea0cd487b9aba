"""Lines of real EMNIST glyphs, and what may happen to them, for `monitoring.py`."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pipeline.ingest.emnist import Glyphs, index_emnist, read_glyphs
from pipeline.ingest.emnist_files import find_emnist
from pipeline.ingest.lines import LineOptions, plan_texts, words_of
from schema.splits import TEST, TRAIN
from transforms.synthesis_options import SynthesisOptions

TRAIN_LINES = 10_000
"""As of the model's training: their words are the known ones."""


@dataclass(frozen=True)
class Lines:
    """Pictures of lines with their texts."""

    pictures: list[np.ndarray]  # uint8 [28, width], ink bright
    texts: list[str]


@dataclass(frozen=True)
class EmnistLines:
    """Lines for the reference and others for windows, which share no text and no glyph."""

    reference: Lines
    pool: Lines
    words: frozenset[str]


def write_lines(folder: Path, reference_lines: int, pool_lines: int, seed: int) -> EmnistLines:
    """Writes lines of the glyphs of EMNIST's test pair, of the texts of the test split.

    Each class's glyphs are halved, one half for the reference's lines, one for the others'.
    """
    index = index_emnist(find_emnist(folder, None))
    glyphs = read_glyphs(index.test)
    in_all = [set(part.characters.tolist()) for part in (index.train, index.validation, index.test)]
    count = reference_lines + pool_lines
    options = LineOptions(TRAIN_LINES, 500, count)
    texts = plan_texts(options, frozenset.intersection(*map(frozenset, in_all)))
    chance = np.random.default_rng(seed)
    dealt = list(texts[TEST].take(chance.permutation(len(texts[TEST]))))
    half = chance.random(len(glyphs)) < 0.5
    return EmnistLines(
        _write(dealt[:reference_lines], glyphs.select(half), seed),
        _write(dealt[reference_lines:count], glyphs.select(~half), seed + 1),
        frozenset(word for text in texts[TRAIN] for word in words_of(text)),
    )


def _write(texts: Sequence[str], glyphs: Glyphs, seed: int) -> Lines:
    import tensorflow as tf

    from transforms.synthesis import synthesise_line

    chance = np.random.default_rng(seed)
    by_character = {
        character: np.flatnonzero(glyphs.characters == character)
        for character in np.unique(glyphs.characters)
    }
    options = SynthesisOptions()
    synthesise = tf.function(
        lambda stack, line_seed: synthesise_line(stack, line_seed, options),
        input_signature=[tf.TensorSpec([None, 28, 28], tf.uint8), tf.TensorSpec([], tf.int64)],
    )
    pictures = []
    for text in texts:
        stack = np.zeros((len(text), 28, 28), np.uint8)
        for place, character in enumerate(text):
            if character != " ":
                stack[place] = glyphs.images[chance.choice(by_character[character])]
        pictures.append(synthesise(stack, chance.integers(2**31)).numpy())
    return Lines(pictures, list(texts))


def to_png(picture: np.ndarray) -> bytes:
    """Encodes uint8 [height, width]."""
    target = io.BytesIO()
    Image.fromarray(picture).save(target, "PNG")
    return target.getvalue()


Change = Callable[[np.ndarray], np.ndarray]


def invert(picture: np.ndarray) -> np.ndarray:
    """Turns ink dark and paper bright."""
    return 255 - picture


def blur(sigma: float) -> Change:
    """Blurs as a lens out of focus does, by pixels."""
    return lambda picture: np.asarray(
        Image.fromarray(picture).filter(ImageFilter.GaussianBlur(sigma))
    )


def scale_contrast(factor: float) -> Change:
    """Brings grey levels nearer to the middle."""
    return lambda picture: np.round(127.5 + (picture - 127.5) * factor).astype(np.uint8)


def rotate(degrees: float) -> Change:
    """Turns the whole line on enlarged paper."""
    return lambda picture: np.asarray(
        Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    )


def cut(share: float) -> Change:
    """Leaves the beginning of the line."""
    return lambda picture: picture[:, : max(int(picture.shape[1] * share), 1)]


def enlarge(factor: float) -> Change:
    """Scales the picture, as another resolution of the scanner does."""

    def change(picture: np.ndarray) -> np.ndarray:
        size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
        return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))

    return change


_CYRILLIC = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "абцдефгхийклмнопярстувшжыз" + "АБЦДЕФГХИЙКЛМНОПЯРСТУВШЖЫЗ",
)


def to_cyrillic(text: str) -> str:
    """Writes the same words in another script."""
    return text.translate(_CYRILLIC)


def print_line(text: str, font: str) -> np.ndarray:
    """Prints a text as high and as bright as EMNIST's lines, uint8 [28, width]."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts/ttf" / f"{font}.ttf"
    drawn = ImageFont.truetype(str(path), 21)
    width = max(int(np.ceil(drawn.getlength(text))), 1) + 4
    picture = Image.new("L", (width, 28), 0)
    ImageDraw.Draw(picture).text((2, 1), text, 255, drawn)
    return np.asarray(picture)
