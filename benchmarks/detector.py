"""Measures a pushed or trained line detector on test pages and prints the figures as JSON.

    RUN=WORKSPACE/artifacts/pages-detector
    python benchmarks/detector.py --model "$RUN"/Trainer/model/NUMBER/Format-Serving \
      --examples "$RUN/Transform/transformed_examples/*/Split-test/*" --pictures FOLDER

Lines are found through the model's own signature. A box is a line's when their intersection is at
least half of their union; each counts once. Figures are sums over all pages, intervals those of a
bootstrap that draws pages. Pictures with the boxes drawn in are written to the folder. Run it with
the project's environment.
"""

import argparse
import json
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from main_job import ROOT, describe_commit, describe_machine

sys.path.insert(0, str(ROOT))

RESAMPLES = 10_000
LEVEL = 0.95
WARM_UP = 1


def look(model: Path, pattern: str, pictures: Path | None) -> list[dict[str, Any]]:
    """Returns, for each page, its name, source, seconds and counts."""
    import tensorflow as tf

    from pipeline.pages.readings import draw_boxes
    from schema import features, line_bands
    from serving.signatures import BOXES, IMAGE_BYTES, SERVING_DEFAULT
    from transforms.box_matching import match_boxes

    detect = tf.saved_model.load(str(model)).signatures[SERVING_DEFAULT]
    records = tf.data.TFRecordDataset(sorted(tf.io.gfile.glob(pattern)), "GZIP")
    pages = []
    for record in records.as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        name = feature[features.SAMPLE_ID].bytes_list.value[0].decode()
        image = feature[features.IMAGE].bytes_list.value[0]
        rows = line_bands.unpack_rows(feature[features.LINE_BANDS].bytes_list.value[0])
        for _ in range(WARM_UP):
            detect(**{IMAGE_BYTES: tf.constant([image])})
        begun = time.perf_counter()
        boxes = detect(**{IMAGE_BYTES: tf.constant([image])})[BOXES].numpy()[0]
        seconds = time.perf_counter() - begun
        counted = rows[:, line_bands.COUNTED] > 0
        truth = rows[counted, line_bands.BOX]
        matching = match_boxes(boxes, truth, rows[~counted, line_bands.BOX])
        counts = {"hits": matching.hits, "boxes": matching.boxes, "lines": matching.lines}
        pages.append({"page": name, "seconds": round(seconds, 3), **counts})
        if pictures is not None:
            path = pictures / f"{name.replace('/', '_')}.jpg"
            path.write_bytes(draw_boxes(image, boxes, truth, matching))
    return sorted(pages, key=lambda page: page["page"])


def rates(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the figures of counts [..., pages, (hits, boxes, lines)], summed over pages."""
    hits, boxes, lines = np.moveaxis(counts.sum(axis=-2), -1, 0)
    errors = np.abs(counts[..., 1] - counts[..., 2]).sum(axis=-1)
    return {
        "line_f1": 2 * hits / (boxes + lines),
        "line_precision": hits / boxes,
        "line_recall": hits / lines,
        "line_count_error": errors / lines,
    }


def summarise(pages: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns each figure with the interval of a bootstrap over pages."""
    counts = np.array([[page["hits"], page["boxes"], page["lines"]] for page in pages], float)
    drawn = np.random.default_rng(0).integers(len(pages), size=(RESAMPLES, len(pages)))
    values, spread = rates(counts), rates(counts[drawn])
    edges = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    return {
        name: {
            "value": round(float(value), 4),
            "interval": [round(float(edge), 4) for edge in np.quantile(spread[name], edges)],
        }
        for name, value in values.items()
    } | {"pages": len(pages), "lines": int(counts[:, 2].sum())}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the SavedModel")
    parser.add_argument("--examples", required=True, help="pattern of transformed test examples")
    parser.add_argument("--pictures", type=Path, help="where to draw what was found")
    arguments = parser.parse_args()
    if arguments.pictures:
        arguments.pictures.mkdir(parents=True, exist_ok=True)
    pages = look(arguments.model, arguments.examples, arguments.pictures)
    if not pages:
        sys.exit(f"expected test pages, got none in {arguments.examples}")
    collections = sorted({page["page"].split("/")[1] for page in pages})
    card = json.loads((arguments.model / "assets.extra" / "model_card.json").read_text())
    result = {
        "benchmark": "line detector",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "commit": describe_commit(),
        "machine": describe_machine(),
        "protocol": f"IoU 0.5, pages of the test split, {LEVEL:.0%} intervals of {RESAMPLES} "
        "bootstrap draws of pages",
        "training": {key: card.get(key) for key in ("train_steps", "seed", "validation")},
        "all": summarise(pages),
        "collections": {
            name: summarise([page for page in pages if page["page"].split("/")[1] == name])
            for name in collections
        },
        "median_seconds_a_page": float(np.median([page["seconds"] for page in pages])),
        "pages": pages,
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
