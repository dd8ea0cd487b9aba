"""How the labelling application runs."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from schema.alphabet import LATIN, Alphabet
from schema.errors import InputError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
MIN_TOKEN_LENGTH = 16


@dataclass(frozen=True)
class Settings:
    """What `python -m labeling serve` is told.

    Args:
      spans: the folder that labels are exported to as spans.
      host: to listen on.
      token: that a browser must show once; "" for none, which only loopback allows.
      alphabet: of labels.
      server: REST address of the model server that reads lines beforehand; "" for none.
      model: its name there; None for the first that reads lines.
      page_model: the name there of the one that finds lines on pages.
      workspace: of the pipeline's runs, whose latest model's mistakes say what is to be written;
        None, or one without such a model, for no preference.
      prompts: a text file of what is to be written; None for English sentences.
      consent: a text file of what writers agree to; None for a text of the application's own.

    Raises:
      InputError: other machines could reach it without a token, or the token is easily guessed.
    """

    spans: Path = Path("spans")
    host: str = "127.0.0.1"
    token: str = field(default="", repr=False)
    alphabet: Alphabet = LATIN
    server: str = ""
    model: str | None = None
    page_model: str = "pages"
    workspace: Path | None = None
    prompts: Path | None = None
    consent: Path | None = None

    def __post_init__(self) -> None:
        if not self.token and not self.on_loopback:
            raise InputError(
                f"expected a token for listening on {self.host}, which other machines can reach, "
                "got none: give --token-file, or leave --host away"
            )
        if self.token and len(self.token) < MIN_TOKEN_LENGTH:
            raise InputError(
                f"expected a token of at least {MIN_TOKEN_LENGTH} characters, got "
                f"{len(self.token)}: take a longer one"
            )

    @property
    def on_loopback(self) -> bool:
        """Whether this machine alone can reach the application."""
        if self.host in LOOPBACK_NAMES:
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
