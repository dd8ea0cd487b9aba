"""The characters that a line recogniser can read, and their class numbers.

Class 0 is the CTC blank; the symbols follow in the order in which they are declared.
"""

import string
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from schema.errors import InputError

BLANK = 0
"""The class number of the CTC blank."""

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""The symbol of an alphabet that stands for every character outside it, where one is declared."""


@dataclass(frozen=True)
class Alphabet:
    """An ordered set of single NFC characters.

    Args:
      symbols: each character once, in class order; class `i + 1` is `symbols[i]`.

    Raises:
      InputError: a symbol occurs twice or is not in Unicode normal form C.
    """

    symbols: str

    def __post_init__(self) -> None:
        repeated = sorted({s for s in self.symbols if self.symbols.count(s) > 1})
        if repeated or not self.symbols:
            raise InputError(
                f"expected an alphabet of distinct symbols, got {repeated or 'none'} repeated: "
                "declare each symbol once"
            )
        if unicodedata.normalize("NFC", self.symbols) != self.symbols:
            raise InputError(
                "expected an alphabet in Unicode normal form C: "
                "normalise it with unicodedata.normalize('NFC', symbols)"
            )

    @cached_property
    def _classes(self) -> dict[str, int]:
        return {symbol: number for number, symbol in enumerate(self.symbols, start=1)}

    @property
    def num_classes(self) -> int:
        """The number of network outputs: all symbols and the blank."""
        return len(self.symbols) + 1

    def outside(self, text: str) -> str:
        """Returns the distinct characters of `text` that are not in the alphabet, sorted."""
        return "".join(sorted(set(text) - self._classes.keys()))

    def mark_unknown(self, text: str) -> str:
        """Returns the text with `UNKNOWN` in place of each character outside the alphabet."""
        return "".join(c if c in self._classes else UNKNOWN for c in text)

    def encode(self, text: str) -> list[int]:
        """Returns the class number of each character; the inverse of `decode`.

        Raises:
          InputError: a character is outside the alphabet; nothing is mapped in silence.
        """
        unknown = self.outside(text)
        if unknown:
            raise InputError(
                f"expected characters of the alphabet, got {unknown!r} in {text!r}: "
                "remove them from the text or declare them in the alphabet"
            )
        return [self._classes[character] for character in text]

    def decode(self, classes: Iterable[int]) -> str:
        """Returns the text of class numbers from 1 to the number of symbols."""
        return "".join(self.symbols[number - 1] for number in classes)


# IAM's punctuation: the marks that its line transcriptions use besides letters and digits.
PUNCTUATION = "!\"#&'()*+,-./:;?"

LATIN = Alphabet(
    " " + string.digits + string.ascii_uppercase + string.ascii_lowercase + PUNCTUATION
)
"""Space, digits, unaccented letters and the punctuation of IAM: 79 symbols."""
