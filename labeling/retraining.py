"""The command that trains on what was exported: the page shows it, a person starts it.

A training computes for hours and its outcome is for the gate to judge, so no button of a page that
many may reach begins one.
"""

import shlex

from labeling.settings import Settings
from schema.alphabet import LATIN

_ALL_SPANS = ("--set", "first_span=1")
_OWN_CHARACTERS = ("--alphabet", "data")


def retrain_command(settings: Settings) -> str:
    """Returns the command for a shell in the project's folder; it trains on all spans.

    Paths are absolute and quoted: the shell may stand elsewhere than the application. Where labels
    are in another alphabet than the usual one, the model's is made of their characters.
    """
    words = ["python", "-m", "pipeline.retrain", "--spans", str(settings.spans.absolute())]
    if settings.workspace is not None:
        words += ["--workspace", str(settings.workspace.absolute())]
    own = () if settings.alphabet == LATIN else _OWN_CHARACTERS
    return shlex.join([*words, "--", *_ALL_SPANS, *own])
