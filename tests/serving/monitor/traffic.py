"""Small pictures of scribbled lines, a reference of clean ones and windows of any, for reports."""

import io
import random
from datetime import datetime, timedelta, timezone

import numpy as np
from PIL import Image, ImageDraw

from schema import features, request_features
from serving.monitor.bins import CategoryBins, learn_category_bins, learn_number_bins
from serving.monitor.logged_request import LoggedRequest, MeasuredRequest, RecordId
from serving.monitor.profile import WindowProfile
from serving.monitor.reference import Reference
from tests.serving.monitor.verdicts import DAY
from transforms.image_facts import measure_image

NUMBERS = (
    features.IMAGE_WIDTH,
    features.INK_RATIO,
    features.BRIGHTNESS_MEAN,
    features.SHARPNESS,
    request_features.CONFIDENCE,
)
WORDS = ("tea", "ink", "quill", "paper", "lamp", "letter", "seal")


def scribble(seed: int, ink: int = 30, paper: int = 225) -> Image.Image:
    """Returns a line of loops, about 32 x 200 pixels."""
    chance = random.Random(seed)
    image = Image.new("L", (chance.randint(120, 280), 32), paper)
    draw = ImageDraw.Draw(image)
    for x in range(6, image.width - 16, 14):
        y = chance.randint(4, 12)
        draw.ellipse((x, y, x + chance.randint(6, 12), y + chance.randint(8, 16)), outline=ink)
    return image


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def measured(seed: int, image: Image.Image | None = None, confidence=None, at=DAY):
    """Returns a measured request whose reading is three words."""
    chance = random.Random(seed)
    image = image or scribble(seed)
    reading = " ".join(chance.choices(WORDS, k=3))
    confidence = chance.uniform(0.8, 1.0) if confidence is None else confidence
    facts = measure_image(np.asarray(image))
    values = {
        features.IMAGE_WIDTH: facts.width,
        features.INK_RATIO: facts.ink_ratio,
        features.BRIGHTNESS_MEAN: facts.brightness_mean,
        features.SHARPNESS: facts.sharpness,
        request_features.CONFIDENCE: confidence,
        request_features.CHARACTERS: tuple(reading),
        request_features.IMAGE_FORMAT: "png",
    }
    request = LoggedRequest(
        RecordId("lines-20261127-0.tfrecord", 1000 * seed),
        "lines",
        7,
        int((at + timedelta(seconds=seed)).timestamp()),
        1.0,
        png(image),
        "lines",
        reading,
        confidence,
    )
    return MeasuredRequest(request, values)


def reference(rows: int = 200) -> Reference:
    """Returns a reference of clean scribbles."""
    made = [measured(seed) for seed in range(rows)]
    bins = {name: learn_number_bins([each.values[name] for each in made]) for name in NUMBERS}
    every = "".join("".join(each.values[request_features.CHARACTERS]) for each in made)
    bins[request_features.CHARACTERS] = learn_category_bins(every)
    bins[request_features.IMAGE_FORMAT] = CategoryBins(("png", "jpeg"))
    counts = {
        name: np.stack([bins[name].count(_listed(each.values[name])) for each in made])
        for name in bins
        if name != request_features.IMAGE_FORMAT
    }
    levels = np.linspace(0, 1, 101)
    return Reference(
        bins=bins,
        counts={name: each.astype(np.uint16) for name, each in counts.items()},
        quantiles={
            name: np.quantile([each.values[name] for each in made], levels) for name in NUMBERS
        },
        low_confidence=0.85,
        unsure=np.array([each.values[request_features.CONFIDENCE] < 0.85 for each in made]),
        edits=np.empty(0, np.int64),
        characters=np.empty(0, np.int64),
        embeddings=np.empty((0, 0), np.float32),
        facts={"data set": "scribbles", "version": 7},
    )


def profile(requests, against: Reference, day: int = 0) -> WindowProfile:
    """Returns the window of measured requests."""
    start = datetime.combine(DAY.date(), datetime.min.time(), timezone.utc) + timedelta(days=day)
    categories = {request_features.IMAGE_FORMAT: {"png": len(requests)}}
    every = "".join("".join(each.values[request_features.CHARACTERS]) for each in requests)
    categories[request_features.CHARACTERS] = {name: every.count(name) for name in set(every)}
    return WindowProfile(
        model="lines",
        version=7,
        kind="lines",
        window_start=start,
        window_end=start + timedelta(days=1),
        first=start + timedelta(hours=9),
        last=start + timedelta(hours=17.5),
        requests=len(requests),
        estimated_requests=float(10 * len(requests)),
        counts={
            name: sum(bins.count(_listed(each.values[name])) for each in requests)
            for name, bins in against.bins.items()
        },
        categories=categories,
        unsure=sum(each.values[request_features.CONFIDENCE] < 0.85 for each in requests),
        judged=len(requests),
        problems={"no_latency": len(requests)},
        oddest=tuple(requests[:6]),
        unsurest=tuple(requests[-3:]),
        sampled_numbers={
            name: np.array([each.values[name] for each in requests], float) for name in NUMBERS
        },
    )


def _listed(value):
    return value if isinstance(value, tuple) else [value]
