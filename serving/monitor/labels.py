"""Texts that people have written for pictures out of the log, to measure the error rate by.

Folders of `x.png` with `x.gt.txt`, as `--dataset folder` trains on. A picture is known again by its
bytes, so it has to be the one that was sent.
"""

import dataclasses
import hashlib
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from schema.errors import InputError
from serving.monitor.profile import WindowProfile
from transforms.edit_distance import count_edits

TEXT_SUFFIX = ".gt.txt"
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp")

Labels = Mapping[bytes, str]
"""SHA-256 of a picture's bytes -> its text."""


def read_labels(folder: Path) -> Labels:
    """Reads the labelled pictures of a folder and of those in it.

    Raises:
      InputError: there is no such folder, it has no labelled picture, or a text is no UTF-8.
    """
    labels: dict[bytes, str] = {}
    for path in sorted(folder.rglob(f"*{TEXT_SUFFIX}")):
        try:
            text = " ".join(unicodedata.normalize("NFC", path.read_text("utf-8")).split())
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"expected a text in UTF-8, got {type(error).__name__} at {path}: mend the file"
            ) from None
        for suffix in PICTURE_SUFFIXES:
            picture = path.with_name(path.name.removesuffix(TEXT_SUFFIX) + suffix)
            if picture.is_file():
                labels[hashlib.sha256(picture.read_bytes()).digest()] = text
    if not labels:
        raise InputError(
            f"expected pictures with their texts in {TEXT_SUFFIX} files beside them, got none in "
            f"{folder}: name the folder of labelled requests"
        )
    return labels


def add_labels(profile: WindowProfile, labels: Labels) -> WindowProfile:
    """Returns the profile with the errors on those of its sampled requests that have a label.

    Only the sampled ones count, for they were drawn at random: the unsurest are labelled first, and
    their error rate is not that of the window.
    """
    counted = [
        count_edits(labels[digest], sampled.request.reading)
        for sampled in profile.sampled
        if (digest := hashlib.sha256(sampled.request.image).digest()) in labels
        and sampled.request.reading is not None
    ]
    return dataclasses.replace(
        profile,
        edits=np.array([each.character_edits for each in counted], np.int64),
        characters=np.array([each.characters for each in counted], np.int64),
    )
