"""Every stage that uses Beam, through the portable API on two pools, against one process."""

import json
import signal
import threading
import time
from pathlib import Path

import apache_beam as beam
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from pipeline.arguments import make_config, make_parser
from pipeline.beam.options import IN_PROCESS
from pipeline.buckets.fetch import fetch
from pipeline.gate import LineGate
from pipeline.pipeline import create_data_pipeline
from pipeline.run import find_input_error
from schema.errors import InputError
from schema.splits import SPLITS
from serving.monitor.observe_settings import ObserveSettings
from serving.monitor.profile_file import profile_to_json
from serving.monitor.windows import observe
from tests.pipeline.evaluation.gate_runner import export_reader, run_gate
from tests.serving.monitor.request_logs import NOON, draw_picture, predicted, write_log

pytestmark = pytest.mark.slow


def run_stages(glyphs, workspace, beam_args):
    """Runs ingest, statistics and Transform; returns the folder of the artifacts.

    Args:
      glyphs: a folder, or the address of a bucket, which is mirrored in the workspace first.
    """
    counts = ("train_lines=300", "validation_lines=10", "test_lines=10")
    config = make_config(
        make_parser("test", "").parse_args(
            [
                *("--dataset=emnist", f"--data-dir={glyphs}", f"--workspace={workspace}"),
                *(f"--set={count}" for count in counts),
            ]
        )
    )
    workspace.mkdir()
    if not isinstance(glyphs, Path):
        fetch(glyphs, workspace)
    LocalDagRunner().run(create_data_pipeline(config, tuple(beam_args)))
    return config.pipeline_root


def records(root, artifact, split):
    """Returns the records of a split in an order of their own, and so each record's features."""
    files = sorted(str(path) for path in root.glob(f"{artifact}/*/Split-{split}/*.gz"))
    read = tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    return sorted(
        tf.train.Example.FromString(record).SerializeToString(deterministic=True) for record in read
    )


def statistics(root, split):
    """Returns the statistics of a split; sums of floats may differ in their last digits."""
    [path] = root.glob(f"StatisticsGen/statistics/*/Split-{split}/FeatureStats.pb")
    found = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
    [dataset] = found.datasets
    told = {}
    for feature in dataset.features:
        numbers = feature.num_stats
        common = (numbers if feature.HasField("num_stats") else feature.string_stats).common_stats
        told[feature.path.SerializeToString()] = (
            common.num_non_missing,
            pytest.approx(numbers.mean),
            pytest.approx(numbers.std_dev),
            (numbers.min, numbers.max, feature.string_stats.unique),
        )
    return dataset.num_examples, told


def test_each_pool_is_a_machine_of_its_own(apart, endpoint):
    processes = (endpoint.service, *endpoint.pools)
    networks = {Path(f"/proc/{number.pid}/ns/net").readlink() for number in processes}
    assert len(networks) == len(apart) == 3
    assert Path("/proc/self/ns/net").readlink() not in networks
    assert endpoint.addresses[0].split(":")[0] == apart[1].address


def test_stages_make_the_same_of_a_bucket_on_two_pools_as_in_one_process(
    glyph_folder, s3_store, tmp_path, endpoint
):
    for file in glyph_folder.iterdir():
        s3_store.put(file.name, file.read_bytes())
    here = run_stages(glyph_folder, tmp_path / "here", IN_PROCESS)
    before = endpoint.count_workers()
    there = run_stages(s3_store.address, tmp_path / "there", endpoint.beam_args)
    assert all(after > count for after, count in zip(endpoint.count_workers(), before, strict=True))
    for split, lines in zip(SPLITS, (300, 10, 10), strict=True):
        for artifact in ("LineExampleGen/examples", "Transform/transformed_examples"):
            made = records(there, artifact, split)
            assert len(made) == lines
            assert made == records(here, artifact, split)
        assert statistics(there, split) == statistics(here, split)


def test_the_gate_judges_the_same(tmp_path, endpoint):
    model = export_reader(tmp_path / "model", seen=1, unseen=2)
    truths = [f"line number {number}" for number in range(40)]
    here, there = (
        run_gate(tmp_path, model, None, truths, LineGate(), shared_pictures=3, beam_args=beam_args)
        for beam_args in (IN_PROCESS, endpoint.beam_args)
    )
    assert there.verdict == here.verdict
    overall = {metric.name: metric for metric in here.verdict.metrics if not metric.slice_name}
    assert overall["cer"].candidate.value > 0


def in_six_digits(profile):
    """Returns a profile whose sums of floats do not depend on their order."""
    return json.loads(
        json.dumps(profile_to_json(profile)), parse_float=lambda text: f"{float(text):.6g}"
    )


def test_monitoring_adds_up_the_same(tmp_path, endpoint):
    pictures = [draw_picture(number) for number in range(3)]
    files = [
        str(
            write_log(
                tmp_path / f"log-{number}",
                [predicted(pictures, "abc", [0.1, 0.5, 0.9], NOON + number)] * 2,
            )
        )
        for number in range(4)
    ]
    here, there = (
        observe(files, ObserveSettings(sampled=4), beam_args)
        for beam_args in (IN_PROCESS, endpoint.beam_args)
    )
    assert list(map(in_six_digits, there.profiles)) == list(map(in_six_digits, here.profiles))
    assert (there.records, there.files) == (here.records, here.files) == (8, 4)


def test_bad_input_on_a_worker_is_told_in_one_line(endpoint):
    def refuse(number):
        raise InputError(f"expected fewer than {number}: mend it")

    with (
        pytest.raises(RuntimeError) as error,
        beam.Pipeline(argv=list(endpoint.beam_args)) as pipeline,
    ):
        _ = pipeline | beam.Create([7]) | beam.Map(refuse)
    assert str(find_input_error(error.value)) == "expected fewer than 7: mend it"


def test_a_killed_pool_ends_the_run_in_one_line_and_the_next_run_does_without_it(
    tmp_path, endpoint
):
    def slow(number, folder):
        import os
        import pathlib
        import time

        (pathlib.Path(folder) / f"{os.getpid()}.begun").touch()
        time.sleep(0.5)
        return number

    def run(name):
        folder = tmp_path / name
        folder.mkdir()
        with beam.Pipeline(argv=list(endpoint.beam_args)) as pipeline:
            numbers = pipeline | beam.Create(range(20)) | beam.Reshuffle()
            _ = numbers | beam.Map(slow, str(folder)) | beam.io.WriteToText(str(folder / "out"))
        written = [path.read_text().split() for path in folder.glob("out*")]
        return sorted(int(number) for numbers in written for number in numbers)

    def kill_mid_stage():
        while len(list((tmp_path / "first").glob("*.begun"))) < 2:
            time.sleep(0.05)
        endpoint.pools[0].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill_mid_stage, daemon=True)
    killer.start()
    with pytest.raises(RuntimeError) as error:
        run("first")
    killer.join(10)
    assert "one that was lost" in str(find_input_error(error.value))
    assert "\n" not in str(find_input_error(error.value))
    assert not list(Path(tmp_path / "first").glob("out*"))
    assert run("second") == list(range(20))
