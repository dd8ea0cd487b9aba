"""A synthetic page, drawn with Pillow and described in the exact formats."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

PAPER, INK = 220, 30
WIDTH, HEIGHT = 400, 300


@dataclass(frozen=True)
class DrawnLine:
    line_id: str
    top: int
    text: str
    line_type: str

    @property
    def baseline(self):
        return ((40, self.top + 30), (200, self.top + 30), (360, self.top + 30))

    @property
    def polygon(self):
        bottom = self.top + 40
        return ((30, self.top), (370, self.top), (370, bottom), (30, bottom))


@dataclass(frozen=True)
class DrawnPage:
    lines: tuple[DrawnLine, ...]

    def picture(self) -> Image.Image:
        picture = Image.new("L", (WIDTH, HEIGHT), PAPER)
        draw = ImageDraw.Draw(picture)
        for line in self.lines:
            for x in range(50, 350, 12):
                draw.rectangle((x, line.top + 10, x + 4, line.top + 30), fill=INK)
        return picture

    def alto(self) -> str:
        types = {line.line_type: f"LT{n}" for n, line in enumerate(self.lines)}
        tags = "".join(
            f'<OtherTag ID="{tag}" LABEL="{label}" DESCRIPTION="line type {label}"/>'
            for label, tag in types.items()
        )
        lines = "".join(
            f'<TextLine ID="{line.line_id}" TAGREFS="{types[line.line_type]}" '
            f'BASELINE="{flat(line.baseline)}" '
            f'HPOS="30" VPOS="{line.top}" WIDTH="340" HEIGHT="40">'
            f'<Shape><Polygon POINTS="{flat(line.polygon)}"/></Shape>'
            f'<String CONTENT="{line.text}" HPOS="30" VPOS="{line.top}"/></TextLine>\n'
            for line in self.lines
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">'
            "<Description><MeasurementUnit>pixel</MeasurementUnit>"
            "<sourceImageInformation><fileName>page.png</fileName></sourceImageInformation>"
            f"</Description><Tags>{tags}</Tags>"
            f'<Layout><Page WIDTH="{WIDTH}" HEIGHT="{HEIGHT}" PHYSICAL_IMG_NR="1" ID="p1">'
            f'<PrintSpace><TextBlock ID="b1">{lines}</TextBlock></PrintSpace></Page></Layout>'
            "</alto>"
        )

    def page_xml(self, year: str = "2019-07-15") -> str:
        lines = "".join(
            f'<TextLine id="{line.line_id}" '
            f'custom="readingOrder {{index:{n};}} structure {{type:{line.line_type};}}">'
            f'<Coords points="{paired(line.polygon)}"/>'
            f'<Baseline points="{paired(line.baseline)}"/>'
            f"<TextEquiv><Unicode>{line.text}</Unicode></TextEquiv></TextLine>\n"
            for n, line in enumerate(self.lines)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/{year}">'
            "<Metadata><Creator>test</Creator></Metadata>"
            f'<Page imageFilename="page.png" imageWidth="{WIDTH}" imageHeight="{HEIGHT}">'
            f'<TextRegion id="r1"><Coords points="0,0 399,0 399,299"/>{lines}</TextRegion>'
            "</Page></PcGts>"
        )

    def write(self, folder: Path, xml: str, stem: str = "page", picture: bool = True) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{stem}.xml").write_text(xml, encoding="utf-8")
        if picture:
            self.picture().save(folder / f"{stem}.png")
        return folder


def flat(points) -> str:
    return " ".join(f"{x} {y}" for x, y in points)


def paired(points) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


@pytest.fixture
def page() -> DrawnPage:
    return DrawnPage(
        (
            DrawnLine("l1", 20, "first line", "DefaultLine:Handwritten"),
            DrawnLine("l2", 90, "second line", "DefaultLine:Handwritten"),
            DrawnLine("l3", 160, "printed line", "DefaultLine:Print"),
        )
    )
