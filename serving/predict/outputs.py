"""Puts what was read where the command line wants it: standard output, or a file a picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, TextIO

from schema.errors import InputError
from serving.client.readings import Reading
from serving.predict.alto import to_alto
from serving.predict.page_xml import to_page_xml
from serving.predict.plain import to_json, to_text

if TYPE_CHECKING:
    from serving.predict.pictures import Picture

TEXT, JSON, ALTO, PAGE = FORMATS = ("text", "json", "alto", "page")
XML_FORMATS = (ALTO, PAGE)
"""Formats of which a file holds one picture."""

_SUFFIXES = {TEXT: ".txt", JSON: ".json", ALTO: ".xml", PAGE: ".xml"}
_DRAWN_SUFFIX = ".png"


@dataclass
class Outputs:
    """Where readings go.

    Args:
      format: one of `FORMATS`.
      stream: gets them where there is no folder.
      folder: gets a file a picture.
      drawings: folder that gets a drawing a picture.
      named: texts on the stream stand after the name of their picture.
    """

    format: str
    stream: TextIO
    folder: Path | None = None
    drawings: Path | None = None
    named: bool = False
    _written: set[PurePath] = field(default_factory=set, init=False)

    def write(self, picture: "Picture", readings: Sequence[Reading]) -> None:
        """Writes what was read on one picture.

        Raises:
          InputError: it cannot be written there.
        """
        if self.folder is None:
            self.stream.write(self._rendered(picture, readings))
            self.stream.flush()
        else:
            self._save(self.folder, picture, readings)
        if self.drawings is not None:
            from serving.predict.drawing import draw_readings

            file = self._place(self.drawings, picture, _DRAWN_SUFFIX)
            _writing(file, lambda: draw_readings(picture.content, readings, file))

    def _save(self, folder: Path, picture: "Picture", readings: Sequence[Reading]) -> None:
        rendered = self._rendered(picture, readings)
        file = self._place(folder, picture, _SUFFIXES[self.format])
        _writing(file, lambda: file.write_text(rendered, encoding="utf-8"))
        if picture.drawn and self.format in XML_FORMATS:
            # What the coordinates refer to exists nowhere else.
            beside = file.with_name(picture.file_name)
            _writing(beside, lambda: beside.write_bytes(picture.content))

    def _place(self, folder: Path, picture: "Picture", suffix: str) -> Path:
        target = picture.target.with_name(picture.target.name + suffix)
        file = folder / target
        if file in self._written:
            raise InputError(
                f"expected a file of its own for each picture, got a second one for {file}: "
                "rename a picture"
            )
        self._written.add(file)
        return file

    def _rendered(self, picture: "Picture", readings: Sequence[Reading]) -> str:
        if self.format == ALTO:
            return to_alto(readings, picture.file_name, picture.size, picture.page)
        if self.format == PAGE:
            return to_page_xml(readings, picture.file_name, picture.size)
        if self.format == JSON:
            return to_json(readings, picture.name, picture.size)
        return to_text(readings, picture.name if self.named and self.folder is None else "")


def _writing(file: Path, write: Callable[[], object]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write()
    except OSError as error:
        raise InputError(
            f"expected to be able to write {file}, got {error.strerror}: name another folder"
        ) from None
