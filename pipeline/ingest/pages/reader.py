"""Reads a folder of ALTO or PAGE XML files and their pictures, one page at a time.

After `survey.py`, before the ExampleGens and the contact sheet.
"""

from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from pipeline.ingest.images import MAX_PIXELS, ImageProblem, read_image
from pipeline.ingest.pages.survey import ALL_TYPES, LineTypes, PageSurvey, survey_pages
from pipeline.ingest.records import PageRecord, Problems

SOURCE = "pages"


def read_pages(
    folder: Path,
    problems: Problems,
    line_types: LineTypes = ALL_TYPES,
    source: str = SOURCE,
    max_pixels: int = MAX_PIXELS,
) -> Iterator[PageRecord]:
    """Yields the pages of a folder and its sub-folders, ordered by path.

    A page is named by the path of its XML file without the ending. A line without a
    transcription is a problem and stays on its page, for the detector; any other line with a
    problem is left out, and so is a page without lines that are left.

    Args:
      folder: holds XML files, each with its picture beside it (or beside its folder `page` or
        `alto`, as Transkribus exports it).
      problems: counts the transcribed lines and notes everything else.
      line_types: lines of other types are left out, and are no problem.
      source: name of the data set.
      max_pixels: the largest picture that is decoded.

    Raises:
      InputError: no page files, no line of the wanted types, or too many problems.
    """
    for survey in survey_pages(folder, problems, line_types, max_pixels):
        page = decode_page(survey, problems, source, max_pixels)
        if page is not None:
            for _ in filter(attrgetter("text"), page.lines):
                problems.take()
            yield page
        del page  # one page at a time: not this one while the next is decoded
    problems.finish()


def decode_page(
    survey: PageSurvey, problems: Problems, source: str = SOURCE, max_pixels: int = MAX_PIXELS
) -> PageRecord | None:
    """Reads the picture of a page; None, and a problem for each line, where it is broken."""
    try:
        image = read_image(survey.image_path, survey.image_path.name, max_pixels)
        _check_decoded(survey, image.shape)
    except ImageProblem as error:
        for line in filter(attrgetter("text"), survey.lines):
            problems.leave_out(survey.file, line.line_id, str(error))
        return None
    return PageRecord(survey.page_id, image, survey.lines, source)


def _check_decoded(survey: PageSurvey, shape: tuple[int, ...]) -> None:
    if shape != survey.size[::-1]:
        raise ImageProblem(
            f"expected {survey.size[0]} x {survey.size[1]} pixels as the picture's header says, "
            f"got {shape[1]} x {shape[0]} in {survey.image_path.name}: save the picture again"
        )
