"""Lines of a folder of pictures: `x.png` with `x.gt.txt` is accepted, `x.png` alone waits."""

from collections.abc import Iterator
from pathlib import Path

from labeling.items import NewItem
from pipeline.ingest.line_folder import SOURCE, find_unlabelled, plan_line_folder
from pipeline.ingest.records import Problems


def read(path: Path, problems: Problems) -> Iterator[NewItem]:
    """Yields the lines of a folder, those with texts first.

    Args:
      path: of the folder; sub-folders are read too.
      problems: takes lines that cannot be used.

    Raises:
      InputError: no such folder, no lines, or too many problems.
    """
    waiting = dict(find_unlabelled(path, problems))
    found = Problems(tolerated_share=1.0)  # those without a text are none here
    for unit in plan_line_folder(path, found):
        for file, line in zip(unit.files, unit.lines, strict=True):
            yield from _item(line.sample_id, file, line.text, problems)
    for problem in found.found:
        if problem.sample_id not in waiting:
            problems.leave_out(problem.file, problem.sample_id, problem.reason)
    for line_id, file in waiting.items():
        yield from _item(line_id, file, None, problems)
    problems.finish()


def _item(line_id: str, file: Path, text: str | None, problems: Problems) -> Iterator[NewItem]:
    try:
        picture = file.read_bytes()
    except OSError as error:
        problems.leave_out(str(file), line_id, f"expected a readable file, got {error.strerror}")
        return
    problems.take()
    yield NewItem(line_id, picture, SOURCE, text=text)
