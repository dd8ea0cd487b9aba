"""Measures the Lambda function in AWS's own runtime loop and prints the figures as JSON.

    python benchmarks/lambda_cold_start.py --model WORKSPACE/pushed/emnist-lines/VERSION \
      --examples "WORKSPACE/artifacts/emnist-lines/Transform/transformed_examples/*/Split-test/*"

An environment with the image's packages and nothing else is made in a temporary folder; the
handler runs there against a stub of Lambda's Runtime API on loopback. Told are: the size of what
the image holds beside its base; the time from the start of the process to its first wish for an
event, and to its first answer; the time of each further answer; and how its answers compare with
those of the SavedModel, on test lines as Transform wrote them and as photographs (JPEG, 100 pixels
high). Run it with the project's environment.
"""

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from inference import photograph
from main_job import ROOT, describe_commit, describe_machine

sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

CODE = ("schema", "transforms", "serving")
MIB = 2**20


def make_environment(folder: Path, python: str) -> Path:
    """Installs the image's packages, with bytecode as in the image; returns the interpreter."""
    uv = str(ROOT / ".venv" / "bin" / "uv")
    subprocess.run([uv, "venv", "--quiet", "--python", python, str(folder)], check=True)
    lock = ROOT / "serving" / "aws_lambda" / "requirements.lock"
    command = [uv, "pip", "sync", "--quiet", "--compile-bytecode", "--require-hashes", str(lock)]
    subprocess.run(command, check=True, env={**os.environ, "VIRTUAL_ENV": str(folder)})
    return folder / "bin" / "python"


def measure_size(environment: Path, model: Path) -> dict[str, float]:
    """Returns what the image holds beside Python, in MiB."""
    from serving.model_folder import ALPHABET_FILE, DECODING_FILE, LITERT_FILE

    (packages,) = environment.glob("lib/python*/site-packages")
    code = [path for name in CODE for path in (ROOT / name).rglob("*") if path.suffix == ".py"]
    files = {
        "packages": [path for path in packages.rglob("*") if path.is_file()],
        "code": code,
        "model": [model / name for name in (LITERT_FILE, ALPHABET_FILE, DECODING_FILE)],
    }
    sizes = {name: sum(path.stat().st_size for path in each) for name, each in files.items()}
    return {name: round(size / MIB, 1) for name, size in sizes.items()}


def direct(image: bytes) -> dict[str, Any]:
    """Makes the event of a direct call."""
    return {"instances": [{"b64": base64.b64encode(image).decode()}]}


def measure_starts(python: Path, model: Path, image: bytes, count: int) -> dict[str, Any]:
    """Starts the runtime again and again, each time for one picture."""
    from serving.aws_lambda.runtime_api import running

    ready, answered = [], []
    for _ in range(count + 1):
        started = time.monotonic()
        with running(str(python), model) as (api, _process):
            api.ready.wait(60)
            ready.append(time.monotonic() - started)
            api.invoke(direct(image))
            answered.append(time.monotonic() - started)
    # The first one brings files into the system's cache and writes the bytecode of the code.
    return {
        "starts": count,
        "seconds_to_ready": summarise(ready[1:]),
        "seconds_to_first_answer": summarise(answered[1:]),
    }


def measure_answers(python: Path, model: Path, images: list[bytes]) -> tuple[Any, list[Any]]:
    """Asks for one picture after the other; returns times and memory, and the answers."""
    from serving.aws_lambda.runtime_api import running

    times, rows = [], []
    with running(str(python), model) as (api, process):
        api.invoke(direct(images[0]))
        for image in images:
            started = time.monotonic()
            _, answer = api.invoke(direct(image))
            times.append(time.monotonic() - started)
            rows += answer["predictions"]
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return {"seconds": summarise(times), "peak_memory_mib": round(int(peak) / 1024)}, rows


def compare(folder: Path, images: list[bytes], rows: list[Any]) -> dict[str, Any]:
    """Compares answers with those of the SavedModel, asked for one picture at a time as well."""
    import tensorflow as tf

    read = tf.saved_model.load(str(folder)).signatures["serving_default"]
    other, differences = 0, []
    for image, row in zip(images, rows, strict=True):
        served = read(image_bytes=tf.constant([image]))
        other += served["text"][0].numpy().decode() != row["text"]
        differences.append(abs(float(served["confidence"][0]) - row["confidence"]))
    return {
        "asked": len(images),
        "texts_other_than_the_saved_models": other,
        "largest_difference_of_confidence": round(max(differences), 6),
        "median_difference_of_confidence": round(statistics.median(differences), 6),
    }


def summarise(seconds: list[float]) -> dict[str, float]:
    """Returns median and extremes."""
    return {
        "median": round(statistics.median(seconds), 4),
        "lowest": round(min(seconds), 4),
        "highest": round(max(seconds), 4),
    }


def read_images(pattern: str, count: int) -> list[bytes]:
    """Returns the first pictures of transformed examples."""
    import tensorflow as tf

    from schema import features

    files = sorted(map(str, tf.io.gfile.glob(pattern)))
    examples = tf.data.TFRecordDataset(files, compression_type="GZIP").take(count)
    spec = {features.IMAGE: tf.io.FixedLenFeature([], tf.string)}
    return [
        tf.io.parse_single_example(example, spec)[features.IMAGE].numpy() for example in examples
    ]


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a pushed version")
    parser.add_argument("--examples", required=True, help="pattern of test examples")
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--python", default="3.12", help="the image's, as uv finds it")
    arguments = parser.parse_args()

    from serving.model_folder import EXTRA_ASSETS

    extra = arguments.model / EXTRA_ASSETS
    found = {
        "benchmark": "lambda_cold_start",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": describe_commit(),
        "command": "python benchmarks/lambda_cold_start.py --model MODEL --examples PATTERN "
        f"--lines {arguments.lines} --starts {arguments.starts}",
        "machine": describe_machine(),
    }
    images = read_images(arguments.examples, arguments.lines)
    with tempfile.TemporaryDirectory() as folder:
        python = make_environment(Path(folder), arguments.python)
        found["size_mib"] = measure_size(Path(folder), extra)
        found["cold_start"] = measure_starts(python, extra, images[0], arguments.starts)
        for name, asked in (("lines", images), ("photographs", list(map(photograph, images)))):
            told, rows = measure_answers(python, extra, asked)
            found[name] = told | compare(arguments.model, asked, rows)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
