"""Chance that always falls the same way for the same picture, on every worker and in every run."""

import hashlib
from pathlib import PurePath

from serving.monitor.logged_request import RecordId

RANGE = 1 << 64


def draw(record: RecordId, seed: int) -> int:
    """Draws a number for a picture.

    Args:
      record: where it lies; the folder of its file does not matter.
      seed: another one draws another number.

    Returns:
      a number from 0 to `RANGE` - 1, each as likely.
    """
    told = f"{seed} {PurePath(record.file).name}@{record.offset}/{record.row}"
    digest = hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(digest.digest(), "little")
