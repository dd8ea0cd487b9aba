"""Measures how often monitoring cries wolf, and how often it sees what is wrong, on real glyphs.

    python benchmarks/monitoring.py --emnist FOLDER --model VERSION --worse VERSION \
      --pictures FILE.png > RESULT.json

A pushed line model of EMNIST reads lines of glyphs that neither its training nor its reference has
had. Windows of them are judged as `python -m serving.monitor` judges those of a log, each beside a
clean window before it: clean ones, and ones of lines that something happened to, of several
strengths. `--worse` names another line model, to be swapped for the first. Figures are shares of
windows with an alarm, and of those with an alarm of each check. Run it with the project's
environment.
"""

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from main_job import ROOT, describe_commit, describe_machine, hide_folders

sys.path.insert(0, str(ROOT))

from monitoring_data import (
    EmnistLines,
    Lines,
    blur,
    cut,
    enlarge,
    invert,
    print_line,
    rotate,
    scale_contrast,
    to_cyrillic,
    to_png,
    write_lines,
)

from schema.features import LINE_SCHEMA_FILE  # noqa: F401
from serving.monitor.accumulator import profile_of
from serving.monitor.checks import check_window
from serving.monitor.embedding import MOST_PICTURES
from serving.monitor.learn import Clean, learn_from_pictures
from serving.monitor.logged_request import (
    LINES,
    LoggedRequest,
    MeasuredRequest,
    RecordId,
)
from serving.monitor.measuring import measure
from serving.monitor.observe_settings import ObserveSettings
from serving.monitor.profile import WindowProfile
from serving.monitor.pushed_model import PushedModel
from serving.monitor.reference import Reference
from serving.monitor.settings import CheckSettings
from serving.signatures import CONFIDENCE, FEATURES, SERVING_DEFAULT, TEXT
from transforms.edit_distance import count_edits

WINDOW = 500
REFERENCE_LINES = 1_000
"""As `pipeline.monitor_reference` takes."""
POOL_LINES = 2_500
CHANGED_LINES = 600
CLEAN_WINDOWS, CHANGED_WINDOWS = 200, 40
NOON = int(datetime(2026, 11, 28, 12, tzinfo=timezone.utc).timestamp())
CLEAN, PICTURES, PRINTS, MODELS = "clean", "pictures", "prints", "models"
PARTS = (CLEAN, PICTURES, PRINTS, MODELS)
FONTS = ("DejaVuSans", "DejaVuSerif")

CHANGES = {
    "blur, sigma in pixels": (blur, (0.5, 1.0, 1.5)),
    "contrast, factor": (scale_contrast, (0.9, 0.75, 0.5)),
    "rotation in degrees": (rotate, (2.0, 5.0, 15.0)),
    "lines cut, share that is left": (cut, (0.9, 0.75, 0.5)),
    "resolution, factor": (enlarge, (1.1, 1.5, 2.0)),
}
SHARES = (0.05, 0.1, 0.3)
NOISES = (0.1, 0.2, 0.4)


@dataclass(frozen=True)
class Read:
    """Lines as a model read them: requests, what its trunk makes of each, and the error rate."""

    requests: list[MeasuredRequest]
    embeddings: np.ndarray  # float32 [n, d]
    error_rate: float


def read(
    model: PushedModel, pictures: Sequence[np.ndarray], texts: Sequence[str], words: frozenset[str]
) -> Read:
    """Has a model read pictures and measures the requests."""
    sent = [to_png(picture) for picture in pictures]
    answers, described = model.ask(SERVING_DEFAULT, sent), model.ask(FEATURES, sent)
    requests, edits = [], []
    for place, (image, answer) in enumerate(zip(sent, answers, strict=True)):
        reading = answer[TEXT].decode()
        edits.append(count_edits(texts[place], reading))
        request = LoggedRequest(
            record=RecordId("log", place),
            model="emnist-lines",
            version=1,
            timestamp=NOON,
            sampling_rate=1.0,
            image=image,
            kind=LINES,
            reading=reading,
            confidence=float(answer[CONFIDENCE]),
        )
        requests.append(measure(request, words))
    wrong = sum(each.character_edits for each in edits)
    return Read(
        requests,
        np.stack([row[FEATURES] for row in described]),
        wrong / sum(each.characters for each in edits),
    )


def make_window(parts: Sequence[tuple[Read, np.ndarray]], reference: Reference) -> WindowProfile:
    """Makes a window of chosen rows of several readings, with features of some of them."""
    requests = [part.requests[row] for part, rows in parts for row in rows]
    embeddings = np.concatenate([part.embeddings[rows] for part, rows in parts])
    order = np.random.default_rng(len(requests)).permutation(len(requests))[:MOST_PICTURES]
    profile = profile_of(requests, ObserveSettings.of(reference, sampled=1, shown=1))
    return dataclasses.replace(profile, embeddings=embeddings[order])


def judge(
    clean: Read,
    changed: Read | None,
    share: float,
    windows: int,
    reference: Reference,
    settings: CheckSettings,
    seed: int,
) -> dict[str, Any]:
    """Judges windows with a share of changed requests, each after a clean one of other lines."""
    chance = np.random.default_rng(seed)
    alarms: Counter[str] = Counter()
    features: Counter[str] = Counter()
    for _ in range(windows):
        order = chance.permutation(len(clean.requests))
        previous = make_window([(clean, order[:WINDOW])], reference)
        count = round(WINDOW * share)
        parts = [(clean, order[WINDOW : 2 * WINDOW - count])]
        if changed is not None:
            parts.append((changed, chance.permutation(len(changed.requests))[:count]))
        verdict = check_window(make_window(parts, reference), previous, reference, settings)
        raised = [finding for finding in verdict.findings if finding.alarm]
        alarms["any"] += bool(raised)
        alarms.update({finding.check for finding in raised})
        features.update({finding.feature for finding in raised if finding.feature})
    return {
        "alarms": alarms["any"] / windows,
        "by_check": {check: count / windows for check, count in alarms.items() if check != "any"},
        "by_feature": {name: count / windows for name, count in features.most_common(4)},
    }


def damage_model(model: Path, target: Path, noise: float, seed: int) -> None:
    """Copies a SavedModel with noise on its weights, in shares of each one's standard deviation."""
    import tensorflow as tf

    shutil.copytree(model, target)
    prefix = str(target / "variables" / "variables")
    reader = tf.train.load_checkpoint(prefix)
    chance = np.random.default_rng(seed)
    names = sorted(reader.get_variable_to_shape_map())
    tensors = []
    for name in names:
        value = reader.get_tensor(name)
        if isinstance(value, np.ndarray) and value.dtype == np.float32 and value.ndim >= 2:
            value = value + noise * value.std() * chance.normal(size=value.shape)
            value = value.astype(np.float32)
        tensors.append(tf.constant(value))
    for path in (target / "variables").iterdir():
        path.unlink()
    tf.raw_ops.SaveV2(
        prefix="".join([prefix, ".part"]),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=tensors,
    )
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=["".join([prefix, ".part"])], destination_prefix=prefix
    )


def changed_lines(pool: Lines) -> Iterator[tuple[str, float, list[np.ndarray], list[str]]]:
    """Yields what happened, its strength, pictures and texts."""
    pictures, texts = pool.pictures[:CHANGED_LINES], pool.texts[:CHANGED_LINES]
    yield "polarity inverted", 1.0, [invert(each) for each in pictures], texts
    for name, (change, strengths) in CHANGES.items():
        for strength in strengths:
            apply = change(strength)
            yield name, strength, [apply(each) for each in pictures], texts


def printed_lines(pool: Lines) -> Iterator[tuple[str, list[np.ndarray], list[str]]]:
    """Yields printed lines, in the pool's alphabet and in another one."""
    for name, write in (("printed text, share", str), ("another script, share", to_cyrillic)):
        texts = [write(text) for text in pool.texts[: round(WINDOW * max(SHARES)) * 2]]
        fonts = [FONTS[number % len(FONTS)] for number in range(len(texts))]
        yield name, list(map(print_line, texts, fonts)), texts


def swapped_models(
    model: Path, worse: Path | None, given: tuple[list[np.ndarray], list[str], frozenset[str]]
) -> Iterator[tuple[str, float, Read]]:
    """Yields what was done to the model, how much of it, and what it then reads."""
    for noise in NOISES:
        with tempfile.TemporaryDirectory() as folder:
            damage_model(model, Path(folder) / "1", noise, 0)
            with PushedModel(Path(folder) / "1") as loaded:
                yield "noise on the weights, in standard deviations", noise, read(loaded, *given)
    if worse:
        with PushedModel(worse) as loaded:
            yield "another model", 1.0, read(loaded, *given)


def judge_changed(
    parts: Sequence[str], model: Path, worse: Path | None, clean: Read, data: EmnistLines
) -> Iterator[tuple[str, float, Read, float]]:
    """Yields what was changed, how strongly, what was then read, and its share of a window."""
    with PushedModel(model) as loaded:
        if PICTURES in parts:
            for name, strength, pictures, texts in changed_lines(data.pool):
                yield name, strength, read(loaded, pictures, texts, data.words), 1.0
        if PRINTS in parts:
            for name, pictures, texts in printed_lines(data.pool):
                changed = read(loaded, pictures, texts, data.words)
                yield from ((name, share, changed, share) for share in SHARES)
    if MODELS in parts:
        given = data.pool.pictures[:CHANGED_LINES], data.pool.texts[:CHANGED_LINES], data.words
        for name, strength, changed in swapped_models(model, worse, given):
            yield name, strength, changed, 1.0


def parse() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emnist", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--worse", type=Path)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--pictures", type=Path, help="where to draw one line of each change")
    parser.add_argument("--false-alarm-rate", type=float, default=CheckSettings.false_alarm_rate)
    return parser.parse_args()


def main() -> None:
    """Runs everything and prints the figures."""
    arguments = parse()
    settings = CheckSettings(false_alarm_rate=arguments.false_alarm_rate)
    begun = time.perf_counter()
    data = write_lines(arguments.emnist, REFERENCE_LINES, POOL_LINES, seed=1)
    if arguments.pictures:
        draw(data.pool, arguments.pictures)
    sent = [to_png(picture) for picture in data.reference.pictures]
    reference = learn_from_pictures(arguments.model, Clean(sent, data.reference.texts, data.words))
    with PushedModel(arguments.model) as model:
        clean = read(model, data.pool.pictures, data.pool.texts, data.words)
    false_alarms = None
    if CLEAN in arguments.parts:
        false_alarms = judge(clean, None, 0.0, CLEAN_WINDOWS, reference, settings, 1)
        sys.stderr.write(f"{false_alarms}\n")
    rows: list[dict[str, Any]] = []
    changes = judge_changed(arguments.parts, arguments.model, arguments.worse, clean, data)
    for name, strength, changed, share in changes:
        told = judge(clean, changed, share, CHANGED_WINDOWS, reference, settings, len(rows))
        row = {"change": name, "strength": strength, "cer": round(changed.error_rate, 4), **told}
        rows.append(row)
        sys.stderr.write(f"{row}\n")
    result = {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "command": hide_folders(["python", *sys.argv]),
        "machine": describe_machine(),
        "commit": describe_commit(),
        "window": WINDOW,
        "reference_lines": len(reference),
        "false_alarm_rate_set": settings.false_alarm_rate,
        "clean_windows": CLEAN_WINDOWS,
        "windows_of_each_change": CHANGED_WINDOWS,
        "cer_of_clean_lines": round(clean.error_rate, 4),
        "false_alarms": false_alarms,
        "changes": rows,
        "seconds": round(time.perf_counter() - begun),
    }
    print(json.dumps(result, indent=1))


def draw(pool: Lines, path: Path) -> None:
    """Draws a line, and below what each change makes of it."""
    from PIL import Image

    changed = [each[0] for _, _, each, _ in changed_lines(Lines(pool.pictures[:1], pool.texts[:1]))]
    printed = [each[0] for _, each, _ in printed_lines(Lines(pool.pictures[:1], pool.texts[:1]))]
    pictures = [pool.pictures[0], *changed, *printed]
    width = max(picture.shape[1] for picture in pictures)
    sheet = np.full((sum(len(picture) + 4 for picture in pictures), width), 90, np.uint8)
    top = 0
    for picture in pictures:
        sheet[top : top + len(picture), : picture.shape[1]] = picture
        top += len(picture) + 4
    Image.fromarray(sheet).save(path)


if __name__ == "__main__":
    main()
