"""Reads and writes Label Studio's JSON: pictures of lines with a text, and pages with regions.

Source of the format: Label Studio's guides "Task Format" and "Import pre-annotated data", its tags
`TextArea`, `Rectangle` and `Polygon`, and its templates "Image Captioning" and "OCR". Coordinates
are per cent of the picture; a rectangle turns clockwise around its upper left corner.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from labeling.exchange.json_files import parse_json, read_json_text, to_json
from labeling.exchange.label_studio_results import (
    Prediction,
    Region,
    has_outlines,
    joined_texts,
    mapping,
    objects,
    prediction_of,
    regions_of,
)
from labeling.exchange.line_text import DIFFER, Unusable, only_line
from labeling.exchange.picture_files import find_picture, names_picture, stem_of, suffix_of
from labeling.exchange.regions import cut_region
from labeling.exchange.whole_folder import whole_folder
from labeling.items import Item, NewItem
from labeling.pictures import PictureFolder
from pipeline.ingest.images import ImageProblem
from pipeline.ingest.records import Problems

SOURCE = "label-studio"
TASKS_FILE, CONFIG_FILE, PICTURES = "tasks.json", "label_config.xml", "pictures"
WHAT = "a JSON export of Label Studio"

CONFIG = """<View>
  <Image name="image" value="$image"/>
  <TextArea name="transcription" toName="image" editable="true" maxSubmissions="1" rows="1"/>
</View>
"""
"""The labelling interface that goes with what `write` writes."""

_LOCAL_FILES = "/data/local-files/?d="
_LINE = "line"  # the name of a line in the data of a task that `write` made


def read(path: Path, problems: Problems) -> Iterator[NewItem]:
    """Yields the lines of an export: of a task without regions its picture, else each region.

    Of several annotations those marked as ground truth count, and then all; where they disagree
    on a line, it waits for two annotators with the latest text as a proposal. Cancelled ones are
    passed over. Who annotated is not taken along.

    Args:
      path: the JSON file, with the pictures beside it.
      problems: takes lines, and notes what cannot be used.

    Raises:
      InputError: no such export, or too many problems.
    """
    tasks = parse_json(read_json_text(path, WHAT), WHAT, str(path))
    for number, task in enumerate(tasks if isinstance(tasks, list) else [tasks], start=1):
        shown = f"task {number}"
        try:
            data = mapping(task, "a task").get("data")
            shown = f"task {task.get('id', number)}"
            yield from _read_task(task, mapping(data, "data"), path, shown, problems)
        except (Unusable, ImageProblem) as error:
            problems.leave_out(path.name, shown, str(error))
    problems.finish()


def write(items: Iterable[Item], pictures: PictureFolder, path: Path) -> int:
    """Writes lines as tasks with annotations, and the model's readings as predictions.

    The folder holds `tasks.json`, the pictures, and the interface for a project. Label Studio finds
    the pictures where `LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT` is that folder.

    Args:
      items: accepted ones.
      pictures: holds theirs.
      path: a new or empty folder.

    Returns:
      how many lines were written.
    """
    tasks = []
    with whole_folder(path) as folder:
        (folder / PICTURES).mkdir()
        for number, item in enumerate(items, start=1):
            content = pictures.path(item.picture).read_bytes()
            name = f"{PICTURES}/{item.picture}{suffix_of(content)}"
            (folder / name).write_bytes(content)
            tasks.append(_task(item, number, name))
        (folder / TASKS_FILE).write_text(to_json(tasks, indent=1) + "\n", encoding="utf-8")
        (folder / CONFIG_FILE).write_text(CONFIG, encoding="utf-8")
    return len(tasks)


def _task(item: Item, number: int, picture: str) -> dict[str, Any]:
    data = {"image": _LOCAL_FILES + picture, _LINE: item.name}
    if item.writer:
        data["writer"] = item.writer
    task: dict[str, Any] = {"id": number, "data": data, "annotations": [], "predictions": []}
    if item.text is not None:
        task["annotations"].append({"result": [_result(item.text)]})
    if item.prefill:
        prediction: dict[str, Any] = {
            "model_version": item.model_version,
            "result": [_result(item.prefill)],
        }
        if item.confidence is not None:
            prediction["score"] = item.confidence
        task["predictions"].append(prediction)
    return task


def _result(text: str) -> dict[str, Any]:
    return {
        "id": _LINE,
        "from_name": "transcription",
        "to_name": "image",
        "type": "textarea",
        "value": {"text": [text]},
    }


def _read_task(
    task: Mapping[str, Any], data: Mapping[str, Any], path: Path, shown: str, problems: Problems
) -> Iterator[NewItem]:
    """Yields the lines of a task, and notes the regions that cannot be used."""
    named = next((value for value in data.values() if names_picture(value)), None)
    if named is None:
        raise Unusable(
            f"expected a picture in its data, got {', '.join(map(repr, data)) or 'nothing'}: "
            "export a project of pictures"
        )
    annotations = [regions_of(each) for each in _chosen_annotations(task)]
    predictions = [prediction_of(each) for each in objects(task, "predictions")]
    content = find_picture(named, path.parent)
    page = stem_of(named) or shown.replace(" ", "-")
    outlined = next((each for each in reversed(annotations) if has_outlines(each)), None)
    if outlined is None and not annotations and predictions:
        outlined = next(
            (
                regions
                for each in objects(task, "predictions")
                if has_outlines(regions := regions_of(each))
            ),
            None,
        )
        if outlined is not None:  # regions of a model are proposals, their texts too
            outlined = {
                name: Region(region.outline, region.turned) for name, region in outlined.items()
            }
    if outlined is None:
        yield _whole_line(data, content, page, annotations, predictions)
        problems.take()
        return
    for name, region in outlined.items():
        try:
            item = _region_line(name, region, content, page, predictions)
        except (Unusable, ImageProblem) as error:
            problems.leave_out(path.name, f"{shown}, region {name}", str(error))
            continue
        yield item
        problems.take()


def _whole_line(
    data: Mapping[str, Any],
    content: bytes,
    page: str,
    annotations: Sequence[Mapping[str, Region]],
    predictions: Sequence[Prediction],
) -> NewItem:
    texts = [text for each in annotations if (text := only_line(joined_texts(each)))]
    name, writer = (data.get(key) for key in (_LINE, "writer"))
    prediction = next((each for each in reversed(predictions) if each.texts), None)
    differ = len(set(texts)) > 1
    read_by_model = next(iter(prediction.texts.values())) if prediction else ""
    return NewItem(
        name=name if isinstance(name, str) and name else page,
        picture=content,
        source=SOURCE,
        prefill=texts[-1] if differ else read_by_model,
        confidence=prediction.score if prediction and not differ else None,
        model_version=prediction.version if prediction and not differ else "",
        why=DIFFER if differ else "",
        annotators=2 if differ else 1,
        writer=writer if isinstance(writer, str) else "",
        text=texts[0] if texts and not differ else None,
    )


def _region_line(
    name: str,
    region: Region,
    content: bytes,
    page: str,
    predictions: Sequence[Prediction],
) -> NewItem:
    if not region.outline:
        raise Unusable("expected a rectangle or polygon, got a text alone: mark the line")
    picture, place = cut_region(content, region.outline, region.turned, f"{page}/{name}")
    found = next((each for each in reversed(predictions) if name in each.texts), None)
    return NewItem(
        name=f"{page}/{name}",
        picture=picture,
        source=SOURCE,
        prefill=found.texts[name] if found else "",
        confidence=found.score if found else None,
        model_version=found.version if found else "",
        page=page,
        place=place,
        text=only_line(region.texts),
    )


def _chosen_annotations(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns those that count, the latest last."""
    kept = [each for each in objects(task, "annotations") if not each.get("was_cancelled")]
    checked = [each for each in kept if each.get("ground_truth")] or kept
    return sorted(checked, key=lambda each: str(each.get("updated_at", "")))
