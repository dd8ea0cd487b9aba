"""What gathering does, apart from the web: asks, takes drawn lines, takes photographed sheets."""

import threading
from dataclasses import dataclass

import numpy as np

from labeling.exchange.regions import png_of
from labeling.gather import sheet_layout as layout
from labeling.gather.mistakes import read_mistakes
from labeling.gather.prompts import choose, write_texts
from labeling.gather.records import SKIPPED, WRITTEN, GatherRecords, Prompt
from labeling.gather.sheet_pdf import sheet_to_pdf
from labeling.gather.sheet_photo import read_sheet
from labeling.items import NewItem
from labeling.pictures import MAX_PIXELS
from labeling.settings import Settings
from labeling.store import Store
from pipeline.ingest.images import ImageProblem, read_image
from schema.errors import InputError

SOURCE = "written"
"""Of lines that were gathered; why they wait is the same word: their text is to be confirmed."""

LONGEST_DRAWN = 32
"""Characters that fit into the area to write on."""
DRAWN_PIXELS = 4_000_000
BATCH = 6
"""Prompts that are chosen at a time: what the model gets wrong may change meanwhile."""

_LEAST_CONTRAST = 60  # grey levels between paper and ink
_LEAST_HEIGHT, _LEAST_WIDTH = 24, 48  # pixels: less is a dot


@dataclass(frozen=True)
class SheetLine:
    """A line of a photographed sheet; `written` tells whether there is anything on it."""

    text: str
    written: bool


@dataclass(frozen=True)
class TakenSheet:
    """What came of a photograph.

    Args:
      number: of the sheet.
      lines: from the top.
      added: lines that are new in the store.
    """

    number: int
    lines: tuple[SheetLine, ...]
    added: int


class Gathering:
    """Asks writers, and makes lines of what they write.

    Args:
      store: gets the lines.
      settings: say whose mistakes count, and from where texts come.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self.records = GatherRecords(store)
        self._asking = threading.Lock()

    def worst(self) -> tuple[str, ...]:
        """Returns the characters that are asked for most, () where no mistakes are known."""
        return read_mistakes(self._settings.workspace).worst

    def next_prompt(self, writer: str) -> Prompt:
        """Returns what a writer is to write on the screen."""
        with self._asking:
            found = self.records.open_prompt(writer)
            if found is None:
                self.records.ask(writer, self._choose(writer, BATCH, LONGEST_DRAWN))
                found = self.records.open_prompt(writer)
        if found is None:
            raise InputError("expected a text to ask for, got none: give more with --prompts")
        return found

    def skip(self, prompt_id: int, writer: str) -> None:
        """Passes a prompt over."""
        self.records.settle([self.records.prompt(prompt_id, writer)], SKIPPED)

    def take_drawn(self, prompt_id: int, writer: str, content: bytes) -> None:
        """Adds a line that was written on the screen, with its prompt as the text to confirm.

        Raises:
          InputError: no such prompt, or a picture without writing.
        """
        prompt = self.records.prompt(prompt_id, writer)
        try:
            image = read_image(content, "the drawing", DRAWN_PIXELS)
        except ImageProblem as error:
            raise InputError(str(error)) from None
        _check_written(image)
        self._store.add([_line(prompt, content)], writer)
        self.records.settle([prompt], WRITTEN)

    def make_sheet(self, writer: str) -> int:
        """Returns the number of a new sheet for a writer."""
        texts = self._choose(writer, layout.LINES, layout.MOST_CHARACTERS)
        if not texts:
            raise InputError("expected texts to ask for, got none: give more with --prompts")
        return self.records.make_sheet(writer, texts)

    def print_sheet(self, number: int) -> bytes:
        """Returns a sheet as PDF."""
        return sheet_to_pdf(number, [prompt.text for prompt in self.records.sheet(number)])

    def take_photo(self, content: bytes, name: str) -> TakenSheet:
        """Adds the lines of a photographed sheet, all or none; lines left empty stay open.

        Args:
          content: of the picture file.
          name: of the file, for messages.

        Raises:
          InputError: no picture, no sheet of this store, or nothing written on it.
        """
        shown = name or "the photograph"
        try:
            photo = read_sheet(read_image(content, shown, MAX_PIXELS), shown)
        except ImageProblem as error:
            raise InputError(str(error)) from None
        prompts = self.records.sheet(photo.number)
        cuts = [photo.line(place) for place in range(len(prompts))]
        written = [
            (prompt, cut) for prompt, cut in zip(prompts, cuts, strict=True) if cut is not None
        ]
        if not written:
            raise InputError(
                f"expected handwriting on sheet {layout.name_of(photo.number)}, got empty lines "
                f"in {shown}: write with a dark pen, and photograph it in brighter light"
            )
        items = [
            _line(prompt, png_of(cut), layout.name_of(photo.number)) for prompt, cut in written
        ]
        done = self._store.add(items, prompts[0].writer)
        self.records.settle([prompt for prompt, _ in written], WRITTEN)
        lines = [
            SheetLine(prompt.text, cut is not None)
            for prompt, cut in zip(prompts, cuts, strict=True)
        ]
        return TakenSheet(photo.number, tuple(lines), done.added)

    def _choose(self, writer: str, count: int, longest: int) -> list[str]:
        settings, asked = self._settings, self.records.texts_of(writer)
        texts = write_texts(settings.alphabet, self.records.asked(), longest, settings.prompts)
        mistakes = read_mistakes(settings.workspace).counts
        written = self.records.written()
        # Texts of the user's own may run out: then they are asked for again.
        return choose(texts, count, mistakes, written, asked) or choose(
            texts, count, mistakes, written
        )


def _line(prompt: Prompt, content: bytes, sheet: str = "") -> NewItem:
    name = f"{prompt.writer}/{f'sheet-{sheet}-' if sheet else ''}{prompt.id}"
    return NewItem(
        name=name,
        picture=content,
        source=SOURCE,
        key=prompt.line_key,
        prefill=prompt.text,
        why=SOURCE,
        writer=prompt.writer,
    )


def _check_written(image: np.ndarray) -> None:
    height, width = image.shape
    if (
        height < _LEAST_HEIGHT
        or width < _LEAST_WIDTH
        or int(image.max()) - int(image.min()) < _LEAST_CONTRAST
    ):
        raise InputError(
            f"expected handwriting, got a picture of {width} x {height} pixels with next to "
            "nothing on it: write the text, then save"
        )
