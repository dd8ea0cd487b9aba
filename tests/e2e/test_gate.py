"""The matrix of honesty through the whole pipeline: status, JSON, report, ML Metadata agree.

One workspace, in which a weak and a strong model are trained once; every other run takes them from
the cache and is judged anew. What no sound run would make, such as a test split that is empty, is
made by changing the artifacts on disk.
"""

import itertools
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import tensorflow as tf

import local_runner
from pipeline.command import NOT_BLESSED, PUSHED
from pipeline.run_metadata import RunMetadata
from schema import features
from schema.splits import TEST, TRAIN

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.gate]

WEAK, STRONG = 6, 105
"""Training steps."""

_RUNS = itertools.count()

SETTINGS = {
    "train_lines": 480,
    "validation_lines": 40,
    "test_lines": 80,
    "batch_size": 32,
    "learning_rate": 0.005,
    "max_cer": 2,
    "max_wer": 2,
    "max_slice_cer": 2,
}


@dataclass(frozen=True)
class Ending:
    """How a run ended."""

    status: int
    told: dict
    metadata: RunMetadata

    def assert_refused(self, *words):
        """Not pushed, and the same reason everywhere."""
        assert self.status == NOT_BLESSED
        assert self.told["blessed"] is False
        assert self.told["pushed"] is None
        reason = self.told["reason"]
        for word in words:
            assert word in reason
        blessing = self.metadata.output("Evaluator", "blessing")
        assert blessing.custom_properties["blessed"].int_value == 0
        # A model server may have refused it too, which is told after the gate's own reason.
        assert reason.startswith(blessing.custom_properties["reason"].string_value)
        page = Path(self.told["report"]).read_text(encoding="utf-8")
        assert words[0] in page.replace("\N{NO-BREAK SPACE}", " ")

    def assert_pushed(self):
        """Pushed, and no reason anywhere."""
        assert self.status == PUSHED, self.told["reason"]
        assert self.told["blessed"] is True
        assert self.told["reason"] is None
        assert Path(self.told["pushed"]).is_dir()
        blessing = self.metadata.output("Evaluator", "blessing")
        assert blessing.custom_properties["blessed"].int_value == 1
        assert "reason" not in blessing.custom_properties


class Workspace:
    """Runs the pipeline again and again in one folder."""

    def __init__(self, folder, data, corpus, capsys):
        self.folder, self._data, self._corpus, self._capsys = folder, data, corpus, capsys

    def run(self, steps, **settings):
        """Trains, or takes the training from the cache, and has it judged anew."""
        # Another number of resamples each time: TFX would take the verdict from the cache.
        chosen = SETTINGS | {"resamples": 1000 + next(_RUNS)} | settings
        status = local_runner.main(
            [
                *("--dataset", "emnist", "--data-dir", str(self._data)),
                *("--corpus", str(self._corpus), "--workspace", str(self.folder)),
                *("--train-steps", str(steps), "--no-question"),
                *(part for item in chosen.items() for part in ("--set", "{}={}".format(*item))),
            ]
        )
        said = self._capsys.readouterr()
        assert status in (PUSHED, NOT_BLESSED), said.err
        told = json.loads(said.out.splitlines()[-1])
        return Ending(status, told, RunMetadata(self.folder / "metadata.sqlite", "emnist-lines"))

    def artifact(self, node, key):
        metadata = RunMetadata(self.folder / "metadata.sqlite", "emnist-lines")
        return Path(metadata.output(node, key).uri)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture
def workspace(folder, bar_folder, bar_corpus, capsys):
    return Workspace(folder, bar_folder, bar_corpus, capsys)


@pytest.fixture
def test_split(workspace):
    """Changes the transformed test lines for one run."""
    examples = workspace.artifact("Transform", "transformed_examples")
    files = sorted((examples / f"Split-{TEST}").iterdir())
    kept = {path: path.read_bytes() for path in files}

    def rewrite(change):
        for path in files:
            records = tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator()
            lines = [tf.train.Example.FromString(record) for record in records]
            with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
                for line in change(lines):
                    writer.write(line.SerializeToString())

    yield rewrite
    for path, content in kept.items():
        path.write_bytes(content)


def test_no_baseline_leaves_the_limits_to_decide(workspace):
    ending = workspace.run(WEAK, max_cer=0.01)
    ending.assert_refused("is above the bound of 1.00%")
    assert ending.told["baseline_model"] is None
    workspace.run(WEAK).assert_pushed()


def test_equal_is_pushed(workspace):
    ending = workspace.run(WEAK)
    ending.assert_pushed()
    assert ending.told["metrics"]["cer"]["change"] == {"value": 0, "lower": 0, "upper": 0}


def test_better_is_pushed(workspace):
    ending = workspace.run(STRONG)
    ending.assert_pushed()
    assert ending.told["metrics"]["cer"]["change"]["upper"] < 0


def test_worse_is_refused(workspace):
    ending = workspace.run(WEAK)
    ending.assert_refused("of the model that serves", "CER")
    assert ending.told["metrics"]["cer"]["change"]["lower"] > 0


def test_a_collapsed_slice_is_refused(workspace, test_split):
    def hand_over(lines):
        for line in lines[:5]:
            line.features.feature[features.WRITER].bytes_list.value[0] = b"w9"
            line.features.feature[features.TEXT].bytes_list.value[0] = b"unreadable"
        return lines

    test_split(hand_over)
    ending = workspace.run(STRONG, slice_limits="writer=w9:0.5")
    ending.assert_refused("on writer: w9 CER", "above the bound of 50.00%")
    assert ending.told["slices"]["writer: w9"]["cer"]["examples"] == 5


def test_an_empty_test_split_is_refused(workspace, test_split):
    test_split(lambda lines: [])
    ending = workspace.run(STRONG)
    ending.assert_refused("nothing was evaluated: the test split is empty")
    assert ending.told["metrics"] == {}


def test_a_metric_that_is_not_a_number_is_refused(workspace, test_split):
    def wipe(lines):
        for line in lines:
            line.features.feature[features.TEXT].bytes_list.value[0] = b""
        return lines

    test_split(wipe)
    ending = workspace.run(STRONG)
    ending.assert_refused("CER is not a number")
    assert ending.told["metrics"]["cer"]["value"] is None


def test_test_lines_that_were_learned_from_are_refused(workspace, test_split):
    examples = workspace.artifact("Transform", "transformed_examples")
    path = next((examples / f"Split-{TRAIN}").iterdir())
    [record] = tf.data.TFRecordDataset(str(path), "GZIP").take(1).as_numpy_iterator()
    learned = tf.train.Example.FromString(record)
    test_split(lambda lines: [*lines, learned])
    name = learned.features.feature[features.SAMPLE_ID].bytes_list.value[0].decode()
    workspace.run(STRONG).assert_refused(f"1 also in train ({name})")


def test_a_model_without_the_signature_is_refused(workspace):
    model = workspace.artifact("Trainer", "model") / "Format-Serving" / "saved_model.pb"
    kept = model.read_bytes()
    model.write_bytes(kept.replace(b"serving_examples", b"serving_exampleX"))
    try:
        ending = workspace.run(STRONG)
    finally:
        model.write_bytes(kept)
    ending.assert_refused("the model cannot be measured")


def test_a_baseline_that_is_gone_is_refused_or_by_policy_left_out(workspace):
    weak = workspace.run(WEAK)  # refused: the strong one still serves
    served = Path(weak.told["baseline_model"]["uri"])
    shutil.rmtree(served / "Format-Serving")
    ending = workspace.run(WEAK)
    ending.assert_refused("cannot be compared with: it is no longer at")
    assert ending.told["metrics"]["cer"]["value"] is not None
    workspace.run(WEAK, broken_baseline="absolute").assert_pushed()
