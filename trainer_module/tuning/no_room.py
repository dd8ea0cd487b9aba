"""Tells an error of the disk, which ends a search, from one of a trial, which does not."""

import errno

_NUMBERS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
_WORDS = ("No space left on device", "Disk quota exceeded", "Read-only file system")


def is_no_room(error: BaseException | None) -> bool:
    """Whether nothing can be written any more, as Python, HDF5 or TensorFlow puts it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NUMBERS:
            return True
        # HDF5 gives the number only among its words.
        if any(word in str(error) for word in _WORDS):
            return True
        error = error.__cause__ or error.__context__
    return False
