import dataclasses

import pytest
from PIL import ImageOps

from serving.monitor.findings import EMBEDDING
from serving.monitor.outcome import CheckedWindow, Outcome
from serving.monitor.profile import FileProblem, QuietSpan
from tests.serving.monitor.outcomes import outcome
from tests.serving.monitor.traffic import measured, profile, reference, scribble
from tests.serving.monitor.verdicts import DAY, finding, fine, verdict


@pytest.fixture(scope="session")
def against():
    return reference()


@pytest.fixture(scope="session")
def clean(against) -> CheckedWindow:
    requests = [measured(seed) for seed in range(300, 420)]
    return CheckedWindow(profile(requests, against), None, against, fine(requests=120))


@pytest.fixture(scope="session")
def drifted(against, clean) -> CheckedWindow:
    requests = [
        measured(seed, ImageOps.invert(scribble(seed)), confidence=0.5) for seed in range(600, 720)
    ]
    broken = dataclasses.replace(
        requests[0],
        request=dataclasses.replace(requests[0].request, image=b"<svg>", reading=None),
        problems=("unreadable",),
    )
    seen = profile(requests, against, day=1)
    judged = verdict(
        finding(feature="sharpness", measured=0.1),
        finding(message="<b>darker</b> than all of it."),
        finding(check=EMBEDDING, feature=None, measured=float("nan")),
        finding(alarm=False, feature="image_width", measured=0.04),
        finding(alarm=False, feature="characters", measured=0.0),
        day=1,
        requests=120,
        notes=["latency is not logged"],
    )
    seen = dataclasses.replace(seen, oddest=(broken, *seen.oddest))
    return CheckedWindow(seen, clean.profile, against, judged)


@pytest.fixture(scope="session")
def full(clean, drifted) -> Outcome:
    return outcome(
        clean,
        drifted,
        troubles=["a disk is full"],
        quiet=(QuietSpan("lines", DAY, DAY),),
        unusable={"a classification": 3},
        file_problems=(FileProblem("/log/<1>", 4096, "the file ends within a record", 12),),
        damages=1,
        lost_bytes=12,
    )
