"""Command line that has a page read by a model server and shows what came.

`python -m serving.read_page IMAGE --rest http://HOST:PORT --model pages` prints the lines;
`--json` prints their boxes as well, `--picture` draws them over the page.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from serving.client import ServingError
from serving.page_client import Page, ask_pages_grpc, ask_pages_rest

_INK = (200, 30, 30)


def main(argv: Sequence[str] | None = None) -> int:
    """Ask and show; return the exit status: 0, 1 when the server does not read, 2 for bad usage."""
    arguments = _parser().parse_args(argv)
    try:
        image = arguments.image.read_bytes()
    except OSError as error:
        sys.stderr.write(
            f"read_page: expected a picture, got {arguments.image} ({error.strerror}): "
            "name a PNG or JPEG file\n"
        )
        return 2
    try:
        if arguments.rest:
            [page] = ask_pages_rest(arguments.rest, arguments.model, [image], arguments.timeout)
        else:
            [page] = ask_pages_grpc(arguments.grpc, arguments.model, [image], arguments.timeout)
    except ServingError as error:
        sys.stderr.write(f"read_page: {error}\n")
        return 1
    if arguments.picture:
        draw_page(arguments.image, page, arguments.picture)
    sys.stdout.write(_json(page) if arguments.json else _plain(page))
    return 0


def draw_page(image: Path, page: Page, picture: Path) -> None:
    """Draws boxes over a page, each with its number and reading.

    Args:
      image: the page that was read.
      page: what was read.
      picture: the file to write; its suffix names the format.
    """
    from PIL import Image, ImageDraw, ImageFont

    with Image.open(image) as opened:
        drawn = opened.convert("RGB")
    draw = ImageDraw.Draw(drawn)
    size = max(drawn.width // 80, 10)
    font = ImageFont.load_default(size)
    for number, line in enumerate(page, 1):
        top, left, bottom, right = line.box
        draw.rectangle((left, top, right, bottom), outline=_INK, width=max(size // 8, 1))
        told = f"{number} {line.text}"
        draw.text((left, top), told, _INK, font, "ls", stroke_width=size // 6, stroke_fill="white")
    drawn.save(picture)


def _plain(page: Page) -> str:
    return "".join(f"{line.text}\n" for line in page)


def _json(page: Page) -> str:
    lines = [dataclasses.asdict(line) for line in page]
    return json.dumps(lines, ensure_ascii=False, indent=2) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m serving.read_page",
        description="Have a page read by a model server and print the lines.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("image", type=Path, help="PNG or JPEG of a page")
    server = parser.add_mutually_exclusive_group(required=True)
    server.add_argument("--rest", metavar="URL", help="the server's REST side: http://HOST:PORT")
    server.add_argument("--grpc", metavar="HOST:PORT", help="the server's gRPC side")
    add("--model", default="pages", help="name under which the server offers it (%(default)s)")
    add("--timeout", type=float, default=60.0, help="seconds to wait (%(default)s)")
    add("--json", action="store_true", help="print boxes and confidences as well, as JSON")
    add("--picture", type=Path, metavar="OUT.png", help="draw the boxes over the page")
    return parser


if __name__ == "__main__":
    sys.exit(main())
