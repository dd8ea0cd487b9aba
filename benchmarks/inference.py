"""Times a pushed line model beside its bare network and prints the figures as JSON.

    python benchmarks/inference.py --model WORKSPACE/pushed/emnist-lines \
      --examples "WORKSPACE/artifacts/emnist-lines/Transform/transformed_examples/*/Split-test/*"

For batches of 1 and 32 test lines, as Transform wrote them and as photographs (JPEG, 100 pixels
high): the network alone on normalised lines; the way from encoded pictures to texts with greedy
decoding; the model's own signature, with whatever decoder it was pushed with; and that over the
embedded server, a new connection for each call. The calls take turns, since a machine's speed
drifts; medians are told, and ratios of processor time. Run it with the project's environment.
"""

import argparse
import io
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from main_job import ROOT, describe_commit, describe_machine

sys.path.insert(0, str(ROOT))

BATCHES = (1, 32)
PHOTOGRAPHED_HEIGHT = 100  # pixels: a line of a page scanned at 300 dpi
WARM_UP = 5


def photograph(png: bytes) -> bytes:
    """Makes of a normalised line what a camera would give: larger, dark on bright, JPEG."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(png)) as line:
        width = line.width * PHOTOGRAPHED_HEIGHT // line.height
        large = ImageOps.invert(line.convert("L")).resize((width, PHOTOGRAPHED_HEIGHT))
    stream = io.BytesIO()
    large.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def load_pictures(pattern: str, count: int) -> list[bytes]:
    """Returns the pictures of the first transformed examples."""
    import tensorflow as tf

    from schema import features

    records = tf.data.TFRecordDataset(sorted(tf.io.gfile.glob(pattern)), "GZIP").take(count)
    pictures = [
        tf.train.Example.FromString(record).features.feature[features.IMAGE].bytes_list.value[0]
        for record in records.as_numpy_iterator()
    ]
    if len(pictures) < count:
        sys.exit(f"expected {count} examples, got {len(pictures)} in {pattern}")
    return pictures


def take_turns(
    calls: dict[str, Callable[[], Any]],
    runs: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Returns the median milliseconds of each call by a clock in seconds."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    order = random.Random(0)
    for run in range(WARM_UP + runs):
        # In another order each time: a call runs slower after one that left the caches cold.
        for name, call in order.sample(list(calls.items()), len(calls)):
            started = clock()
            call()
            if run >= WARM_UP:
                seconds[name].append(clock() - started)
    return {name: round(statistics.median(times) * 1e3, 2) for name, times in seconds.items()}


def read_card(folder: Path) -> dict[str, Any]:
    """Returns the card of a pushed model."""
    from serving.model_folder import EXTRA_ASSETS, MODEL_CARD_FILE

    card: dict[str, Any] = json.loads((folder / EXTRA_ASSETS / MODEL_CARD_FILE).read_text())
    return card


def greedy_reader(network: Any, alphabet: Any) -> Callable[[Any], Any]:
    """Makes the function from pictures to texts that decodes greedily."""
    import tensorflow as tf

    from transforms.ctc import decode_greedy
    from transforms.image import read_lines
    from transforms.text import decode_classes

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def read(images: tf.Tensor) -> tf.Tensor:
        classes, _ = decode_greedy(network(*read_lines(images)))
        return decode_classes(classes, alphabet)

    return read.get_concrete_function()


def measure(
    model: Any, alphabet: Any, address: Any, pictures: list[bytes], runs: int
) -> dict[str, Any]:
    """Times one batch of pictures every way."""
    import tensorflow as tf

    from serving.client import ask_grpc, ask_rest
    from serving.signatures import IMAGE_BYTES, SERVING_DEFAULT
    from transforms.image import read_lines

    images = tf.constant(pictures)
    lines, widths = read_lines(images)
    signature = model.signatures[SERVING_DEFAULT]
    # Without the look for the right trace, which a signature is spared as well.
    [network] = model.logits.concrete_functions
    greedy = greedy_reader(model.logits, alphabet)
    calls = {
        "network": lambda: network(lines, widths).numpy(),
        "greedy": lambda: greedy(images).numpy(),
        "signature": lambda: signature(**{IMAGE_BYTES: images}),
    }
    served = {
        "grpc": lambda: ask_grpc(address.grpc_address, "lines", pictures),
        "rest": lambda: ask_rest(address.rest_url, "lines", pictures),
    }
    # Of all threads together: what others do on the machine does not count.
    cpu = take_turns(calls, runs, time.process_time)
    return {
        "lines": len(pictures),
        "widest": int(lines.shape[2]),
        "bytes": sum(map(len, pictures)),
        "cpu_milliseconds": cpu,
        "milliseconds": take_turns(calls, runs) | take_turns(served, runs),
        "greedy_to_network": round(cpu["greedy"] / cpu["network"], 3),
        "signature_to_network": round(cpu["signature"] / cpu["network"], 3),
    }


def main() -> None:
    """Prints the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="line model, or its base path")
    parser.add_argument("--examples", required=True, help="pattern of transformed test examples")
    parser.add_argument("--runs", type=int, default=50, help="calls of each kind")
    parser.add_argument("--output", type=Path, help="write the JSON there as well")
    arguments = parser.parse_args()
    machine = describe_machine()
    import tensorflow as tf

    from pipeline.question import serve
    from serving.client import wait_for_model
    from serving.model_folder import ALPHABET_FILE, EXTRA_ASSETS, find_model, read_alphabet

    folder = find_model(arguments.model)
    model = tf.saved_model.load(str(folder))
    card = read_card(folder)
    alphabet = read_alphabet(folder / EXTRA_ASSETS / ALPHABET_FILE)
    pictures = load_pictures(arguments.examples, max(BATCHES))
    with serve("lines", folder.parent) as wait_for_server:
        address = wait_for_server()
        wait_for_model(address.rest_url, "lines")
        measured = [
            {"pictures": kind}
            | measure(
                model, alphabet, address, [make(png) for png in pictures[:count]], arguments.runs
            )
            for kind, make in (("normalised", lambda png: png), ("photographed", photograph))
            for count in BATCHES
        ]
    told = {
        "benchmark": "inference",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "commit": describe_commit(),
        "command": "python benchmarks/inference.py --model MODEL --examples PATTERN "
        f"--runs {arguments.runs}",
        "dataset": card["dataset"],
        "network": card["network"],
        "hyperparameters": card["hyperparameters"],
        "machine": machine,
        "tensorflow": tf.__version__,
        "measured": measured,
    }
    text = json.dumps(told, indent=2) + "\n"
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
