"""The test pages as the new detector sees them, for the report and the question to the server.

Beside `pipeline.readings`, which does so for texts: here a reading says how many lines were found.
"""

import io
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw

from pipeline.question import ANSWER_SECONDS, START_SECONDS, ServerAddress
from pipeline.run_result import Reading, ServedReading
from schema import features, line_bands
from serving.client import predict_grpc, predict_rest, wait_for_model
from serving.signatures import BOXES, COUNT, IMAGE_BYTES, SCORES, SERVING_DEFAULT
from transforms.box_matching import Matching, match_boxes

PAGES_SHOWN = 16

FOUND, WRONG, MISSED = (0, 140, 60), (210, 30, 30), (240, 130, 0)
"""Colours, red green blue: of a line found, a box that is no line, a line that was missed."""

_SHOWN_SIDE = 900  # pixels of the longer side in the report
_QUALITY = 70  # of JPEG: pages as PNG would make the report ten times as large


def read_test_pages(model_folder: Path, examples_folder: Path, seed: int) -> list[Reading]:
    """Looks at some test pages, drawn at random, through the exported model's own signature.

    Args:
      model_folder: the SavedModel.
      examples_folder: transformed examples of the test split.
      seed: chooses the pages.
    """
    paths = sorted(str(path) for path in examples_folder.glob("*.gz"))
    records = tf.data.TFRecordDataset(paths, compression_type="GZIP").shuffle(64, seed=seed)
    model = tf.saved_model.load(str(model_folder))
    detect = model.signatures[SERVING_DEFAULT]
    readings = []
    for record in records.take(PAGES_SHOWN).as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        image = feature[features.IMAGE].bytes_list.value[0]
        found = detect(**{IMAGE_BYTES: tf.constant([image])})
        readings.append(
            read_page(
                feature[features.SAMPLE_ID].bytes_list.value[0].decode(),
                image,
                line_bands.unpack_rows(feature[features.LINE_BANDS].bytes_list.value[0]),
                found[BOXES].numpy()[0],
                found[SCORES].numpy()[0],
            )
        )
    return readings


def read_page(
    sample_id: str, image: bytes, rows: np.ndarray, boxes: np.ndarray, scores: np.ndarray
) -> Reading:
    """Tells what was found on a page.

    Args:
      sample_id: names it.
      image: encoded picture.
      rows: its lines, as `schema.line_bands` has them.
      boxes: found, [n, 4].
      scores: of each box, [n], in 0..1.
    """
    counted = rows[:, line_bands.COUNTED] > 0
    truth = rows[counted, line_bands.BOX]
    matching = match_boxes(boxes, truth, rows[~counted, line_bands.BOX])
    wrong = matching.boxes - matching.hits
    return Reading(
        sample_id=sample_id,
        image_png=image,
        truth=describe_count(matching.lines),
        reading=f"{matching.hits} of {describe_count(matching.lines)} found, {wrong} false",
        confidence=mean_score(scores),
        edits=wrong + matching.lines - matching.hits,
        overlay=draw_boxes(image, boxes, truth, matching),
    )


def ask_about_page(
    address: ServerAddress, model_name: str, shown: Reading, image_path: Path
) -> ServedReading:
    """Asks a server for the lines of a page over both protocols; its picture is kept."""
    image_path.parent.mkdir(parents=True, exist_ok=True)
    image_path.write_bytes(shown.image_png)
    wait_for_model(address.rest_url, model_name, START_SECONDS)
    images = [shown.image_png]
    [row] = predict_rest(address.rest_url, model_name, images, ANSWER_SECONDS)
    [found] = predict_grpc(address.grpc_address, model_name, images, ANSWER_SECONDS)
    return ServedReading(
        image_path=image_path,
        truth=shown.truth,
        rest_reading=describe_count(row[COUNT]),
        rest_confidence=mean_score(np.asarray(row[SCORES])),
        grpc_reading=describe_count(found[COUNT]),
        grpc_confidence=mean_score(np.asarray(found[SCORES])),
    )


def describe_count(lines: int) -> str:
    """Returns the number of lines in words for people."""
    return f"{lines} line" if lines == 1 else f"{lines} lines"


def mean_score(scores: np.ndarray) -> float:
    """Returns how sure the detector is of its boxes on average, 0 without any."""
    return float(scores.mean()) if len(scores) else 0.0


def draw_boxes(image: bytes, boxes: np.ndarray, truth: np.ndarray, matching: Matching) -> bytes:
    """Draws over a page what was found, in reading order, and what was missed.

    Args:
      image: encoded picture.
      boxes: found, [n, 4].
      truth: lines that are there, [m, 4].
      matching: of the two.

    Returns:
      JPEG.
    """
    with Image.open(io.BytesIO(image)) as page:
        picture = page.convert("RGB")
    shrink = min(_SHOWN_SIDE / max(picture.size), 1.0)
    picture = picture.resize([max(round(side * shrink), 1) for side in picture.size])
    pen = ImageDraw.Draw(picture)
    for box in truth[~matching.truth] * shrink:
        pen.rectangle(_corners(box), outline=MISSED, width=2)
    for number, (box, hit, judged) in enumerate(
        zip(boxes * shrink, matching.found, matching.judged, strict=True), start=1
    ):
        if judged:
            colour = FOUND if hit else WRONG
            pen.rectangle(_corners(box), outline=colour, width=2)
            pen.text((box[1] + 3, box[0] + 1), str(number), fill=colour)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


def _corners(box: np.ndarray) -> tuple[float, float, float, float]:
    """Returns left, top, right, bottom, which Pillow wants in rising order."""
    top, left, bottom, right = box.tolist()
    return left, top, max(left, right), max(top, bottom)
