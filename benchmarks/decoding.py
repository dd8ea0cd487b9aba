"""Compares the decoders of a pushed line model on test lines and prints the figures as JSON.

    python benchmarks/decoding.py --model WORKSPACE/pushed/emnist-lines \
      --examples "WORKSPACE/artifacts/emnist-lines/Transform/transformed_examples/*/Split-test/*"

The model must have been exported with `decoder=beam` and an n-gram model. Its own signature gives
the readings of beam and n-gram, its `logits` those of greedy decoding and of the beam alone. Lines
are the sampling unit: both intervals and differences come from the same resampled lines. Times are
of normalised lines to texts; the calls take turns. Run it with the project's environment.
"""

import argparse
import functools
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from inference import take_turns
from main_job import ROOT, describe_commit, describe_machine, hide_folders
from numpy.typing import NDArray

sys.path.insert(0, str(ROOT))

BATCHES = (1, 32)
RESAMPLES = 2000
GREEDY, BEAM, SERVED = "greedy", "beam", "beam_and_ngram"


@dataclass(frozen=True)
class TestLine:
    """A test line as Transform wrote it."""

    image: bytes
    truth: str
    vocabulary: str


@dataclass(frozen=True)
class ServedReading:
    """What the signature said of a line."""

    text: str
    confidence: float
    character_confidences: NDArray[np.float32]


def load_lines(pattern: str) -> list[TestLine]:
    """Reads every test line."""
    import tensorflow as tf

    from schema import features

    def read(record: bytes) -> TestLine:
        feature = tf.train.Example.FromString(record).features.feature
        image, text, vocabulary = (
            feature[key].bytes_list.value[0]
            for key in (features.IMAGE, features.TEXT, features.VOCABULARY)
        )
        return TestLine(image, text.decode(), vocabulary.decode())

    records = tf.data.TFRecordDataset(sorted(tf.io.gfile.glob(pattern)), "GZIP")
    lines = [read(record) for record in records.as_numpy_iterator()]
    if not lines:
        sys.exit(f"expected test lines, got none in {pattern}")
    return lines


def batches_of(lines: Sequence[TestLine]) -> Iterator[Sequence[TestLine]]:
    """Cuts lines of like width into batches."""
    ordered = sorted(lines, key=lambda line: len(line.truth))
    for start in range(0, len(ordered), max(BATCHES)):
        yield ordered[start : start + max(BATCHES)]


def make_decoders(model: Any, symbols: str, width: int) -> dict[str, Any]:
    """Makes functions of normalised lines and widths to texts, beside the served one."""
    import tensorflow as tf

    from schema.alphabet import Alphabet
    from transforms.decoding import decode
    from transforms.decoding_options import DecodingOptions
    from transforms.line_decoding import LineDecoding
    from transforms.text import decode_classes

    alphabet = Alphabet(symbols)

    def make(options: DecodingOptions) -> Any:
        decoding = LineDecoding(options)
        return tf.function(
            lambda lines, widths: decode_classes(
                decode(model.logits(lines, widths), decoding)[0], alphabet
            ),
            input_signature=model.read_normalised.input_signature,
            autograph=False,
        )

    return {
        GREEDY: make(DecodingOptions(decoder="greedy")),
        BEAM: make(DecodingOptions(decoder="beam", beam_width=width, ngram_order=0)),
    }


def read_lines_served(model: Any, images: Sequence[bytes]) -> list[ServedReading]:
    """Asks the signature for clients."""
    import tensorflow as tf

    from serving.signatures import (
        CHARACTER_CONFIDENCES,
        CONFIDENCE,
        IMAGE_BYTES,
        SERVING_DEFAULT,
        TEXT,
    )

    outputs = model.signatures[SERVING_DEFAULT](**{IMAGE_BYTES: tf.constant(images)})
    rows = (outputs[name].numpy() for name in (TEXT, CONFIDENCE, CHARACTER_CONFIDENCES))
    return [
        ServedReading(text.decode(), float(sure), characters[: len(text.decode())])
        for text, sure, characters in zip(*rows, strict=True)
    ]


def compare(edits: dict[str, NDArray[np.int64]], lengths: NDArray[np.int64]) -> dict[str, Any]:
    """Returns each decoder's CER, and by how much the last one has fewer errors than greedy."""
    chance = np.random.default_rng(0)
    drawn = chance.integers(len(lengths), size=(RESAMPLES, len(lengths)))
    total = lengths[drawn].sum(axis=1)
    sums = {name: each[drawn].sum(axis=1) for name, each in edits.items()}

    def estimate(value: float, resampled: NDArray[np.float64]) -> dict[str, float]:
        lower, upper = np.quantile(resampled, [0.025, 0.975])
        return {"value": round(value, 5), "lower": round(lower, 5), "upper": round(upper, 5)}

    return {
        "lines": len(lengths),
        "characters": int(lengths.sum()),
        "cer": {
            name: estimate(each.sum() / lengths.sum(), sums[name] / total)
            for name, each in edits.items()
        },
        "fewer_errors_than_greedy": {
            name: estimate(
                1 - edits[name].sum() / edits[GREEDY].sum(), 1 - sums[name] / sums[GREEDY]
            )
            for name in (BEAM, SERVED)
        },
    }


def judge_confidences(
    lines: Sequence[TestLine], readings: Sequence[ServedReading]
) -> dict[str, Any]:
    """Tells how far the served confidences are off on the test lines."""
    from transforms.calibration import calibration_error, reliability
    from transforms.edit_distance import right_characters

    pairs = list(zip(lines, readings, strict=True))
    right = [right_characters(line.truth, reading.text) for line, reading in pairs]
    judged = {
        "lines": reliability(
            [reading.confidence for reading in readings],
            [line.truth == reading.text for line, reading in pairs],
        ),
        "characters": reliability(
            np.concatenate([reading.character_confidences for reading in readings]),
            np.concatenate(right),
        ),
    }
    return {
        name: {
            "expected_calibration_error": round(calibration_error(bins), 4),
            "bins": [[each.count, each.confidence, each.accuracy] for each in bins],
        }
        for name, bins in judged.items()
    }


def measure_errors(model: Any, decoders: dict[str, Any], lines: list[TestLine]) -> dict[str, Any]:
    """Reads every line with every decoder."""
    import tensorflow as tf

    from transforms.edit_distance import count_edits
    from transforms.image import read_lines

    ordered, readings = [], []
    edits: dict[str, list[int]] = {name: [] for name in (*decoders, SERVED)}
    for batch in batches_of(lines):
        images = [line.image for line in batch]
        normalised = read_lines(tf.constant(images))
        served = read_lines_served(model, images)
        texts = {
            name: [text.decode() for text in read(*normalised).numpy()]
            for name, read in decoders.items()
        } | {SERVED: [reading.text for reading in served]}
        for name, read in texts.items():
            edits[name] += [
                count_edits(line.truth, text).character_edits
                for line, text in zip(batch, read, strict=True)
            ]
        ordered += batch
        readings += served
    lengths = np.array([len(line.truth) for line in ordered])
    counts = {name: np.array(each) for name, each in edits.items()}
    found = {"all": compare(counts, lengths)}
    for vocabulary in sorted({line.vocabulary for line in ordered}):
        rows = np.array([line.vocabulary == vocabulary for line in ordered])
        found[f"vocabulary: {vocabulary}"] = compare(
            {name: each[rows] for name, each in counts.items()}, lengths[rows]
        )
    return {"errors": found, "confidences": judge_confidences(ordered, readings)}


def measure_times(
    model: Any, decoders: dict[str, Any], lines: list[TestLine], runs: int
) -> list[dict[str, Any]]:
    """Times a line of the median width alone, and a batch of lines around it."""
    import tensorflow as tf

    from transforms.image import read_lines

    ordered = sorted(lines, key=lambda line: len(line.truth))
    measured = []
    for count in BATCHES:
        middle = len(ordered) // 2
        batch = read_lines(tf.constant([line.image for line in ordered[middle:][:count]]))
        functions = {"network": model.logits, **decoders, SERVED: model.read_normalised}
        calls = {name: functools.partial(each, *batch) for name, each in functions.items()}
        times = take_turns(calls, runs)
        per_line = {name: round(time / count, 2) for name, time in times.items()}
        measured.append({"lines": count, "milliseconds_a_line": per_line})
    return measured


def main() -> None:
    """Prints the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="line model, or its base path")
    parser.add_argument("--examples", required=True, help="pattern of transformed test examples")
    parser.add_argument("--runs", type=int, default=50, help="timed calls of each kind")
    parser.add_argument("--output", type=Path, help="write the JSON there as well")
    arguments = parser.parse_args()
    machine = describe_machine()
    import tensorflow as tf

    from serving.model_folder import EXTRA_ASSETS, MODEL_CARD_FILE, find_model

    folder = find_model(arguments.model)
    card = json.loads((folder / EXTRA_ASSETS / MODEL_CARD_FILE).read_text(encoding="utf-8"))
    if not card["decoding"]["ngram_contexts"]:
        sys.exit(f"expected a model with beam and n-grams, got {card['decoding']} in {folder}")
    model = tf.saved_model.load(str(folder))
    lines = load_lines(arguments.examples)
    decoders = make_decoders(model, card["alphabet"], card["decoding"]["beam_width"])
    told = {
        "benchmark": "decoding",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "commit": describe_commit(),
        "command": hide_folders(["python", *sys.argv]),
        "machine": machine,
        "tensorflow": tf.__version__,
        "model": {key: card[key] for key in ("dataset", "network", "train_steps", "decoding")},
        "model_code": card["code"],
        **measure_errors(model, decoders, lines),
        "times": measure_times(model, decoders, lines, arguments.runs),
    }
    text = json.dumps(told, indent=2) + "\n"
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
