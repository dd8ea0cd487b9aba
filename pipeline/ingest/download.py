"""Downloads a published file whole, and believes nothing about it until its SHA-256 is right.

Below the readers that fetch what they read.
"""

import hashlib
import re
from pathlib import Path

import httpx
from tqdm import tqdm

from schema.errors import InputError

PARTIAL_SUFFIX = ".partial"

_BLOCK = 1 << 20  # bytes
_ATTEMPTS = 5  # a connection may break this often in one call, if it moved forward each time
_TIMEOUT = httpx.Timeout(30.0)


def fetch(url: str, target: Path, sha256: str, otherwise: str) -> None:
    """Downloads a file unless it is there, and checks it either way.

    An interrupted download is taken up where it broke off, now or in the next call. One process
    at a time may download to a place.

    Args:
      url: where it is published.
      target: where it shall be; its folder is made.
      sha256: what it must hash to, in hexadecimal.
      otherwise: what else the user can do, said when the download fails.

    Raises:
      InputError: no network, a download that broke off, or another file than was expected.
    """
    if target.exists():
        verify(target, sha256)
        return
    partial = target.with_name(target.name + PARTIAL_SUFFIX)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(url, partial)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InputError(
            f"expected to download {url}, got {type(error).__name__} ({_one_line(error)}) after "
            f"{_size_of(partial)} bytes: run again to continue, or {otherwise}"
        ) from None
    except OSError as error:
        raise InputError(
            f"expected a folder with room for the download, got {error.strerror} in "
            f"{target.parent}: give another cache folder"
        ) from None
    found = hash_file(partial)
    if found != sha256:
        size = _size_of(partial)
        partial.unlink()  # it would be continued for ever
        raise InputError(
            f"expected the SHA-256 {sha256} of {url}, got {found} ({size} bytes): "
            f"run again, or {otherwise}"
        )
    partial.rename(target)


def verify(path: Path, sha256: str) -> None:
    """Checks what a file hashes to.

    Raises:
      InputError: there is none, or it is another one.
    """
    try:
        found = hash_file(path)
    except OSError as error:
        raise InputError(
            f"expected a downloaded file, got {error.strerror} at {path}: fetch it again"
        ) from None
    if found != sha256:
        raise InputError(
            f"expected the SHA-256 {sha256}, got {found} ({_size_of(path)} bytes) "
            f"for {path}: delete it and fetch it again"
        )


def hash_file(path: Path) -> str:
    """Returns the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _download(url: str, partial: Path) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        before = _size_of(partial)
        try:
            _continue_download(url, partial)
            return
        except httpx.TransportError:
            if attempt == _ATTEMPTS or _size_of(partial) <= before:
                raise


def _continue_download(url: str, partial: Path) -> None:
    """Fetches the bytes that the partial file lacks."""
    have = _size_of(partial)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with httpx.stream(
        "GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT
    ) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            return  # nothing is lacking, or the hash will tell
        response.raise_for_status()
        if not _continues(response, have):
            have = 0
        with (
            partial.open("ab" if have else "wb") as file,
            tqdm(
                desc=partial.name.removesuffix(PARTIAL_SUFFIX),
                total=_total(response, have),
                initial=have,
                unit="B",
                unit_scale=True,
                disable=None,  # shows on terminals only
            ) as bar,
        ):
            for block in response.iter_bytes():  # as it comes: what is here is kept
                file.write(block)
                bar.update(len(block))


def _continues(response: httpx.Response, have: int) -> bool:
    """Tells whether the response goes on at byte `have`; a server may ignore the range."""
    start = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return (
        response.status_code == httpx.codes.PARTIAL_CONTENT
        and start is not None
        and int(start[1]) == have
    )


def _total(response: httpx.Response, have: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return have + int(length) if length.isdecimal() else None


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
