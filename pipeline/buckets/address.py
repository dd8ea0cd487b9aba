"""Addresses of buckets, `s3://BUCKET/PREFIX` and `gs://BUCKET/PREFIX`, beside paths of folders."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from schema.errors import InputError

S3, GCS = "s3", "gs"
FORMS = f"{S3}://BUCKET/PREFIX or {GCS}://BUCKET/PREFIX"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}")
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class BucketAddress:
    """What lies under a prefix of a bucket.

    Args:
      scheme: `S3` or `GCS`.
      bucket: its name.
      prefix: without a slash at either end; empty for the whole bucket.
    """

    scheme: str
    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    @property
    def root(self) -> str:
        """What the keys of all objects begin with."""
        return f"{self.prefix}/" if self.prefix else ""

    @property
    def file_name(self) -> str:
        """A name for files about it, which no other address has."""
        told = _NOT_IN_FILE_NAMES.sub("-", str(self).replace("://", "-"))[:100]
        return f"{told}-{hashlib.sha256(str(self).encode()).hexdigest()[:8]}"

    def below(self, name: str) -> "BucketAddress":
        """Returns the address of what lies under a name."""
        return BucketAddress(self.scheme, self.bucket, self.root + name)


Place = Path | BucketAddress
"""A folder, or what stands for one in a bucket."""


def parse_place(text: str) -> Place:
    """Reads a path or an address.

    Raises:
      InputError: it is an address, but of no bucket.
    """
    return parse_address(text) if _SCHEME.match(text) else Path(text)


def parse_address(text: str) -> BucketAddress:
    """Reads an address.

    Raises:
      InputError: it is none.
    """
    scheme = _SCHEME.match(text)
    if scheme is None or scheme[1] not in (S3, GCS):
        raise _wrong(text, "mount what it names, or correct it")
    bucket, _, prefix = text[scheme.end() :].partition("/")
    prefix = prefix.rstrip("/")
    if not _BUCKET.fullmatch(bucket):
        raise _wrong(text, f"correct the bucket's name {bucket!r}")
    if prefix and not is_safe(prefix):
        raise _wrong(text, "leave out empty parts, . and .., and what cannot be printed")
    return BucketAddress(scheme[1], bucket, prefix)


def is_safe(name: str) -> bool:
    """Whether an object's name is a path that stays inside the folder it is put into."""
    return name.isprintable() and not {"", ".", ".."}.intersection(name.split("/"))


def _wrong(text: str, remedy: str) -> InputError:
    return InputError(f"expected an address as {FORMS}, got {text!r}: {remedy}")
