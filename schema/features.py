"""Feature keys of the examples that travel through the pipeline, each said once.

An ingested line is a text with a picture, or with a stack of glyphs and a seed; Transform
normalises the one and turns the other into a picture. Every later stage reads what it made.
"""

from pathlib import Path

LINE_SCHEMA_FILE = Path(__file__).parent / "lines.pbtxt"
"""The curated TFDV schema of ingested lines."""

PAGE_SCHEMA_FILE = Path(__file__).parent / "pages.pbtxt"
"""The curated TFDV schema of ingested pages."""

# Of every example, before and after Transform.
SAMPLE_ID = "sample_id"
"""string: names the line in error messages and reports, as in `test/000042`."""
TEXT = "text"
"""string: the ground truth, UTF-8 in Unicode normal form C."""
SOURCE = "source"
"""string: the data set that the line comes from, as in `emnist-byclass`."""
WRITER = "writer"
"""string: the writer's id within the source, empty where it is not known."""
VOCABULARY = "vocabulary"
"""string: one of `VOCABULARIES`, a slice of the evaluation."""
TEXT_LENGTH = "text_length"
"""int64: characters in the text."""
IMAGE_HEIGHT = "image_height"
"""int64: height in pixels of the picture as ingested (for glyphs: laid side by side)."""
IMAGE_WIDTH = "image_width"
"""int64: its width in pixels."""
ASPECT = "aspect"
"""float32: its width over its height."""
INK_RATIO = "ink_ratio"
"""float32, 0..0.5: the share of its pixels on the ink's side of mid-grey."""
BRIGHTNESS_MEAN = "brightness_mean"
"""float32, 0..255: mean of its pixels."""
BRIGHTNESS_DEVIATION = "brightness_deviation"
"""float32, 0..255: standard deviation of its pixels."""
SHARPNESS = "sharpness"
"""float32, 0..255: mean step in brightness between neighbouring pixels of a row."""
IMAGE = "image_bytes"
"""bytes: the picture. Ingested: PNG as photographed, empty where glyphs make the line.
Transformed: PNG of the normalised line, greyscale, ink bright."""

# Of pages only, before and after Transform.
LINE_BANDS = "line_bands"
"""bytes: the lines in reading order, as `schema.line_bands` packs them, in pixels of the picture.
On pages `IMAGE` is, ingested, the PNG as photographed and, transformed, the same in grey, scaled
to the detector's working size."""
LINE_TEXTS = "line_texts"
"""string: their texts, as `schema.line_texts` packs them. Ingested pages only: the detector needs
none, and who reads whole pages reads them as photographed."""
LINE_COUNT = "line_count"
"""int64: lines that are to be found."""
TYPICAL_HEIGHT = "typical_height"
"""float32: median height of the lines' boxes, as a share of the page's longer side; 0 without."""

# Of lines only.
GLYPHS = "glyphs"
"""bytes: n glyphs of 28x28 uint8 pixels, ink bright, row by row, one a character; empty where
there is a picture. The Trainer makes new lines of them."""

# Of ingested examples only.
SEED = "seed"
"""int64: decides everything random in the line's synthesis."""
PAGE = "page"
"""string: id, within the source, of the page that a line was cut from; empty where there is none.
IAM's forms are pages."""

# Of transformed examples only.
LINE_WIDTH = "line_width"
"""int64: width in pixels of the normalised line."""
LINE_HAS_INK = "line_has_ink"
"""int64: 1 where the normalised line shows anything, 0 where it is blank."""
LENGTH_BAND = "length_band"
"""string: of lines, the band of characters that the text has, as in "11-30"; a slice."""
WIDTH_BAND = "width_band"
"""string: of lines, the band of pixels that `LINE_WIDTH` is in, as in "201-400"; a slice."""
CHARACTER_KINDS = "character_kinds"
"""string [k], k from 1 to 4: of lines, which of `KINDS` the text holds, each a slice."""
CLUSTER = "cluster"
"""string: what is independent of what when an interval is made by resampling. Examples of one
writer share it where writers are known, else those of one page; else each has its own."""

SEEN, MIXED, UNSEEN = "seen", "mixed", "unseen"
VOCABULARIES = (SEEN, MIXED, UNSEEN)
"""Whether all, some or none of a line's words occur in the training lines."""

DIGITS, UPPER, LOWER, OTHER = "digits", "upper", "lower", "other"
KINDS = (DIGITS, UPPER, LOWER, OTHER)
"""Kinds of characters: decimal digits, capitals, small letters, and whatever else is no space:
punctuation, and letters of scripts without case."""

IMAGE_FACTS = (
    IMAGE_HEIGHT,
    IMAGE_WIDTH,
    ASPECT,
    INK_RATIO,
    BRIGHTNESS_MEAN,
    BRIGHTNESS_DEVIATION,
    SHARPNESS,
)
"""What `transforms.image_facts` measures of a picture."""

BYTES_FEATURES = (GLYPHS, IMAGE)
"""Features left out of statistics: TFDV sees nothing inside image bytes."""

PAGE_BYTES_FEATURES = (IMAGE, LINE_BANDS, LINE_TEXTS)
"""Those of pages; the texts of a page are one long value that occurs once."""

GLYPH_SIDE = 28
"""Height and width of a glyph in pixels."""
