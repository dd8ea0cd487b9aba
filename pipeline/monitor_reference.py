"""After the push of a line model: what monitoring will hold its requests against.

The reference is learned of the lines of the test split, for neither weights nor confidences were
fitted on these, and as clients would send them: a picture as it was ingested, a line of glyphs as
Transform wrote it. It is kept with the trained model, so that promotions and rollbacks take it
along, and beside the pushed one.
"""

import hashlib
import heapq
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from schema import features
from schema.splits import TEST, TRAIN
from serving.monitor.learn import Clean, learn_from_pictures
from serving.monitor.reference import reference_folder
from transforms.words import words_of

ROWS = 1_000
"""Lines at most: reading them takes 11 processor seconds (the sample), and for windows of 500
requests twice as many would lower the thresholds by a sixth."""


@dataclass(frozen=True)
class ReferenceSource:
    """What a run leaves to learn a reference from.

    Args:
      ingested: folder of the ingested examples, a folder for each split.
      transformed: the same of the transformed ones.
      model: folder of the trained SavedModel.
      dataset: its name.
    """

    ingested: Path
    transformed: Path
    model: Path
    dataset: str


def write_reference(source: ReferenceSource, pushed: Path) -> None:
    """Learns the reference of a model, unless it has one, and puts it beside the pushed version.

    Args:
      source: of the run.
      pushed: the version's folder.

    Raises:
      InputError: the test split has too few lines; nothing was written.
    """
    kept, beside = reference_folder(source.model), reference_folder(pushed)
    if not kept.exists():
        _write_whole(source, kept)
    if not beside.exists():
        _copy_whole(kept, beside)


def _write_whole(source: ReferenceSource, folder: Path) -> None:
    texts_and_pictures = _choose_lines(source)
    reference = learn_from_pictures(
        source.model,
        Clean(
            pictures=[picture for _, picture in texts_and_pictures],
            truths=[text for text, _ in texts_and_pictures],
            words=_training_words(source.transformed),
            facts={"dataset": source.dataset, "split": TEST},
        ),
    )
    with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
        reference.save(Path(draft) / folder.name)
        (Path(draft) / folder.name).rename(folder)


def _copy_whole(kept: Path, beside: Path) -> None:
    beside.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside.parent) as draft:
        copied = shutil.copytree(kept, Path(draft) / beside.name)
        Path(copied).rename(beside)


def _choose_lines(source: ReferenceSource) -> list[tuple[str, bytes]]:
    """Returns texts and pictures of `ROWS` test lines, chosen by a hash of their ids."""

    def drawn(line: tuple[str, str, bytes]) -> bytes:
        return hashlib.blake2b(line[0].encode(), digest_size=8).digest()

    lines = heapq.nsmallest(ROWS, _lines(source.ingested / f"Split-{TEST}"), key=drawn)
    written = {name for name, _, picture in lines if not picture}
    transformed = _lines(source.transformed / f"Split-{TEST}") if written else iter(())
    by_name = {name: picture for name, _, picture in transformed if name in written}
    return [(text, picture or by_name[name]) for name, text, picture in lines]


def _lines(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yields sample id, text and picture; the picture is empty where glyphs make the line."""
    for record in _records(folder).as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        name, text, picture = (
            feature[key].bytes_list.value[0]
            for key in (features.SAMPLE_ID, features.TEXT, features.IMAGE)
        )
        yield name.decode(), text.decode(), picture


def _training_words(transformed: Path) -> frozenset[str]:
    spec = {features.TEXT: tf.io.FixedLenFeature([], tf.string)}
    texts = _records(transformed / f"Split-{TRAIN}").map(
        lambda record: tf.io.parse_single_example(record, spec)[features.TEXT]
    )
    return frozenset().union(*(words_of(text.decode()) for text in texts.as_numpy_iterator()))


def _records(folder: Path) -> tf.data.TFRecordDataset:
    paths = sorted(str(path) for path in folder.glob("*.gz"))
    return tf.data.TFRecordDataset(paths, compression_type="GZIP")
