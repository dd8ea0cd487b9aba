"""The versions that a run and its workers must share, as a run tells them to its workers."""

import platform
from importlib.metadata import version

VERSIONS_PREFIX = "handwriting_versions="
"""Of the Beam experiment that carries them: experiments reach workers on every runner."""


def describe_versions() -> str:
    """Returns those of Python and Beam, without importing Beam."""
    minor = ".".join(platform.python_version_tuple()[:2])
    return f"Python {minor} and Beam {version('apache-beam')}"
