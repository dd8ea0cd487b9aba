"""How a line model turns frames into text, as chosen before training; imports nothing heavy."""

from dataclasses import dataclass

from schema.errors import InputError

GREEDY, BEAM = "greedy", "beam"
DECODERS = (BEAM, GREEDY)


@dataclass(frozen=True)
class DecodingOptions:
    """Of the decoder inside a pushed line model.

    The defaults are measured in `benchmarks/README.md`: on lines of EMNIST glyphs the beam with
    its n-gram model makes about half the errors of greedy decoding, and costs less time than the
    network.

    Args:
      decoder: one of `DECODERS`.
      beam_width: texts under consideration in each frame.
      ngram_order: characters of the language model's n-grams; 0 for a beam without one.
    """

    decoder: str = BEAM
    beam_width: int = 16
    ngram_order: int = 6

    def __post_init__(self) -> None:
        if self.decoder not in DECODERS:
            raise InputError(
                f"expected decoder to be {' or '.join(DECODERS)}, got {self.decoder!r}: correct it"
            )
        if self.beam_width < 1:
            raise InputError(f"expected beam_width >= 1, got {self.beam_width}: correct it")
        if self.ngram_order < 0:
            raise InputError(
                f"expected ngram_order >= 0, got {self.ngram_order}: correct it, 0 uses none"
            )
