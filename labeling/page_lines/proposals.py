"""Where boxes come from before a person looks: the served page model, or an ALTO or PAGE file."""

import io

from labeling.page_lines.boxes import LineBox, within
from labeling.settings import Settings
from pipeline.ingest.pages import PageProblem
from pipeline.ingest.pages.survey import read_layout
from schema.errors import InputError
from serving.client.errors import ServingError
from serving.client.readings import read_row
from serving.client.rest import RestConnection
from serving.client.served_model import find_model
from serving.signatures import TEXTS

_TIMEOUT = 120.0
XML_BYTES = 20 * 2**20


def ask_model(settings: Settings, content: bytes, size: tuple[int, int]) -> list[LineBox]:
    """Returns the lines that the served page model finds, with what it reads.

    Args:
      settings: name the server and the model.
      content: the page as upright PNG or JPEG.
      size: its width and height.

    Raises:
      InputError: there is no such server or model, or it refuses the page.
    """
    if not settings.server:
        raise InputError(
            "expected a model server to find lines, got none: start with --server URL, or draw "
            "the lines"
        )
    try:
        with RestConnection(settings.server, _TIMEOUT) as connection:
            served = find_model(connection, settings.page_model)
            if served.output != TEXTS:
                raise InputError(
                    f"expected a model that reads pages, got {served.name!r} at "
                    f"{settings.server}, which reads {served.output}: name another with "
                    "--page-model"
                )
            version = f"{served.name} {connection.available_version(served.name)}"
            (row,) = connection.predict(served.name, [content])
        readings = read_row(row, TEXTS, settings.server)
    except ServingError as error:
        raise InputError(str(error)) from None
    found = []
    for reading in readings:
        top, left, bottom, right = reading.box or (0.0, 0.0, 0.0, 0.0)
        found.append(within((left, top, right, bottom), size, reading.text, version))
    return [box for box in found if box is not None]


def read_xml(content: bytes, name: str, size: tuple[int, int]) -> list[LineBox]:
    """Returns the lines that an ALTO or PAGE file has, as boxes around their outlines.

    Args:
      content: of the file.
      name: of the file, for messages.
      size: width and height of the page's picture.

    Raises:
      InputError: it is something else, or of another picture.
    """
    shown = name or "the file"
    try:
        layout = read_layout(io.BytesIO(content))
    except PageProblem as error:
        raise InputError(f"{shown}: {error}") from None
    if layout is None:
        raise InputError(f"expected ALTO or PAGE XML, got a file about no page in {shown}")
    if layout.size is not None and layout.size != size:
        raise InputError(
            f"expected lines on {size[0]} x {size[1]} pixels, got {layout.size[0]} x "
            f"{layout.size[1]} in {shown}: choose the file of this picture"
        )
    boxes = []
    for found in layout.lines:
        if found.fault or not found.line.polygon:
            continue
        xs, ys = zip(*found.line.polygon, strict=True)
        boxes.append(within((min(xs), min(ys), max(xs), max(ys)), size, found.line.text))
    return [box for box in boxes if box is not None]
