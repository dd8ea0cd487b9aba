"""Feature keys of logged requests: how a picture came in and what was read in it.

What is measured of the picture has the keys, and the measuring function, of ingested lines
(`schema.features`, `transforms.image_facts`). Here is what only a request has.
"""

from pathlib import Path

REQUEST_SCHEMA_FILE = Path(__file__).parent / "requests.pbtxt"
"""What is added to the curated schemas of lines and pages for requests."""

RECORD = "record"
"""string: where the request lies in the logs, as in `FILE@OFFSET/ROW`; a row is a picture."""
MODEL = "model"
"""string: the model's name."""
MODEL_VERSION = "model_version"
"""int64: the version that answered."""
TIMESTAMP = "timestamp"
"""int64: when it was answered, seconds since 1970, UTC."""
IMAGE_FORMAT = "image_format"
"""string: `png`, `jpeg`, `gif`, `bmp`, or `unreadable`."""
READING = "reading"
"""string: the text that was read."""
CONFIDENCE = "confidence"
"""float32, 0..1: the model's own."""
READING_LENGTH = "reading_length"
"""int64: characters in the reading."""
CHARACTERS = "characters"
"""string [k]: the reading's characters, spaces included; a histogram when summed up."""
UNKNOWN_WORD_SHARE = "unknown_word_share"
"""float32, 0..1: the share of the reading's words that the training texts lack."""
LATENCY_MS = "latency_ms"
"""float32: milliseconds from the request to its answer; missing where the server does not log
it."""
