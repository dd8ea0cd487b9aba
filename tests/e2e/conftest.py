"""A data set that is read after seconds of training: four letters, each a bar at its own height."""

import numpy as np
import pytest

from pipeline.ingest.emnist_files import FILE_SPLITS, IMAGES_NAME, LABELS_NAME, MAPPING_NAME
from pipeline.ingest.idx import write_idx
from tests.e2e.bar_runs import GOOD_STEPS, TRACKED, build_command, run

LETTERS = "abcd"


@pytest.fixture(scope="session")
def bar_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bars")
    rng = np.random.default_rng(0)
    for split, per_class in zip(FILE_SPLITS, (100, 30), strict=True):
        labels = np.repeat(np.arange(len(LETTERS), dtype=np.uint8), per_class)
        images = rng.integers(0, 40, (len(labels), 28, 28), np.uint8)
        for image, label in zip(images, labels, strict=True):
            top = 4 + 5 * label
            image[top : top + 3, 4:24] = 255
        write_idx(folder / IMAGES_NAME.format(name="bars", split=split), images.transpose(0, 2, 1))
        write_idx(folder / LABELS_NAME.format(name="bars", split=split), labels)
    mapping = "".join(f"{label} {ord(letter)}\n" for label, letter in enumerate(LETTERS))
    (folder / MAPPING_NAME.format(name="bars")).write_text(mapping)
    return folder


@pytest.fixture(scope="session")
def bar_corpus(tmp_path_factory):
    rng = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    words = ("".join(rng.choice(list(LETTERS), rng.integers(4, 8))) for _ in range(900))
    path.write_text("\n".join(words) + "\n")
    return path


@pytest.fixture(scope="session")
def command(bar_folder, bar_corpus, tmp_path_factory):
    """Builds commands that run one after the other in one workspace."""
    workspace = tmp_path_factory.mktemp("workspace")

    def build(steps, *more):
        return build_command(bar_folder, bar_corpus, workspace, steps, *more)

    build.workspace = workspace
    return build


@pytest.fixture(scope="session")
def first(command):
    """The workspace's first run, which pushes its model; the notebooks look at it as well."""
    return run(command(GOOD_STEPS, *TRACKED))
