"""How far spans of real lines lie apart: halves of an archive, two archives, changed pictures.

    python benchmarks/span_check.py --pages FOLDER

FOLDER holds `lathrop/` and `copiste/`, pages with their lines. The floor of the span check
(docs/decisions/0031) rests on it. Prints one JSON object.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from main_job import ROOT, describe_commit, describe_machine
from scipy.ndimage import gaussian_filter
from tensorflow_metadata.proto.v0 import schema_pb2
from tqdm import tqdm

sys.path.insert(0, str(ROOT))

from pipeline.ingest.record_sources import RecordOptions, read_records
from pipeline.ingest.records import Problems
from pipeline.span_check.compare import Statistics, compare_statistics
from pipeline.span_check.histograms import QUANTILES
from pipeline.span_check.options import SpanCheckOptions
from schema import features
from transforms.image_facts import ImageFacts, measure_image

ARCHIVES = {"lathrop": "DefaultLine:Handwritten", "copiste": ""}
CUTS = 20
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "inverted polarity": lambda image: 255 - image,
    "contrast halved": lambda image: image // 2 + 64,
    "blur, sigma 1.5": lambda image: gaussian_filter(image, 1.5),
    "lines cut in half": lambda image: image[:, : image.shape[1] // 2],
    "resolution doubled": lambda image: image.repeat(2, axis=0).repeat(2, axis=1),
}
KEYS = {
    "height": features.IMAGE_HEIGHT,
    "width": features.IMAGE_WIDTH,
    **{name: name for name in ImageFacts.__dataclass_fields__ if name not in ("height", "width")},
}


def measure(
    folder: Path, line_types: str, change: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> pd.DataFrame:
    """Returns the features of an archive's lines, with the page of each."""
    options = RecordOptions(source="pages", line_types=line_types)
    rows = []
    for record in read_records(folder, options, Problems(tolerated_share=1.0)):
        facts = asdict(measure_image(change(record.image)))
        told = {KEYS[name]: value for name, value in facts.items()}
        rows.append({"page": record.page, features.TEXT_LENGTH: len(record.text), **told})
    return pd.DataFrame(rows)


def compare(last: pd.DataFrame, now: pd.DataFrame, schema: schema_pb2.Schema) -> dict[str, float]:
    """Returns the divergence of each feature, those beyond their thresholds marked with "!"."""
    alarms = SpanCheckOptions().span_false_alarms
    compared = compare_statistics(_statistics(now), _statistics(last), schema, alarms)
    return {
        shift.feature + ("!" if shift.skewed else ""): round(shift.divergence, 3)
        for shift in compared.shifts
    }


def _statistics(frame: pd.DataFrame) -> Statistics:
    options = tfdv.StatsOptions(num_quantiles_histogram_buckets=QUANTILES)
    data = frame.drop(columns="page")
    return {"train": tfdv.generate_statistics_from_dataframe(data, options).datasets[0]}


def cut_by_page(frame: pd.DataFrame, schema: schema_pb2.Schema) -> dict[str, object]:
    """Compares halves of an archive that share no page."""
    pages, rng = frame.page.unique(), np.random.default_rng(0)
    runs = []
    for _ in tqdm(range(CUTS), desc="cuts", file=sys.stderr):
        first = frame.page.isin(rng.permutation(pages)[: len(pages) // 2])
        runs.append(compare(frame[first], frame[~first], schema))
    return {
        "lines": len(frame),
        "pages": len(pages),
        "cuts": CUTS,
        "largest_divergence": max(max(run.values()) for run in runs),
        "cuts_called_skewed": sum(any("!" in name for name in run) for run in runs),
    }


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, required=True, metavar="FOLDER")
    folder = parser.parse_args().pages
    schema = text_format.Parse(features.LINE_SCHEMA_FILE.read_text(), schema_pb2.Schema())
    frames = {name: measure(folder / name, types) for name, types in ARCHIVES.items()}
    clean = frames["lathrop"]
    changed = {
        name: compare(clean, measure(folder / "lathrop", ARCHIVES["lathrop"], change), schema)
        for name, change in CHANGES.items()
    }
    told = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "machine": describe_machine(),
        "commit": describe_commit(),
        "command": "python benchmarks/span_check.py --pages FOLDER",
        "halves_by_page": {name: cut_by_page(frame, schema) for name, frame in frames.items()},
        "lathrop_then_copiste": compare(clean, frames["copiste"], schema),
        "lathrop_then_changed": changed,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
