"""Feature keys of the examples that travel through the pipeline, each said once.

An ingested line is a text, the stack of glyphs that spell it and a seed; Transform turns the
stack into a picture. Every other stage reads the transformed example.
"""

from pathlib import Path

LINE_SCHEMA_FILE = Path(__file__).parent / "lines.pbtxt"
"""The curated TFDV schema of ingested lines."""

# Of every example, before and after Transform.
SAMPLE_ID = "sample_id"
"""string: names the line in error messages and reports, as in `test/000042`."""
TEXT = "text"
"""string: the ground truth, UTF-8 in Unicode normal form C."""
SOURCE = "source"
"""string: the data set that the line comes from, as in `emnist-byclass`."""
VOCABULARY = "vocabulary"
"""string: one of `VOCABULARIES`, a slice of the evaluation."""
TEXT_LENGTH = "text_length"
"""int64: characters in the text."""
INK_RATIO = "ink_ratio"
"""float32, 0..1: the share of glyph pixels brighter than mid-grey."""
BRIGHTNESS_MEAN = "brightness_mean"
"""float32, 0..255: mean of the glyph pixels."""
BRIGHTNESS_DEVIATION = "brightness_deviation"
"""float32, 0..255: standard deviation of the glyph pixels."""

# Of ingested examples only.
GLYPHS = "glyphs"
"""bytes: n glyphs of 28x28 uint8 pixels, ink bright, row by row, one a character."""
SEED = "seed"
"""int64: decides everything random in the line's synthesis."""

# Of transformed examples only.
IMAGE = "image_bytes"
"""bytes: the line as PNG, greyscale, ink bright."""
IMAGE_WIDTH = "image_width"
"""int64: width of the picture in pixels."""

SEEN, MIXED, UNSEEN = "seen", "mixed", "unseen"
VOCABULARIES = (SEEN, MIXED, UNSEEN)
"""Whether all, some or none of a line's words occur in the training lines."""

BYTES_FEATURES = (GLYPHS, IMAGE)
"""Features left out of statistics: TFDV sees nothing inside image bytes."""

GLYPH_SIDE = 28
"""Height and width of a glyph in pixels."""
