"""How many threads TensorFlow gets in workers that share a machine."""

import json
import os

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.beam.options import BeamOptions, beam_args
from pipeline.beam.worker_threads import THREADS, count_workers, share_cores, take_share
from pipeline.fingerprint import PROJECT_ROOT


def environment(**options):
    told = {f"beam:option:{name}:v1": value for name, value in options.items()}
    return {"PIPELINE_OPTIONS": json.dumps(told)}


@pytest.mark.parametrize(
    ("option", "workers", "cores", "threads"),
    [
        ("sdk_worker_parallelism", "2", 2, "1"),
        ("sdk_worker_parallelism", 2.0, 9, "4"),
        ("parallelism", 64, 8, "1"),
    ],
)
def test_workers_share_the_cores(option, workers, cores, threads):
    given = environment(**{option: workers})
    take_share(given, cores)
    assert [given[name] for name in THREADS] == [threads, threads]


@pytest.mark.parametrize(
    "given", [{}, environment(sdk_worker_parallelism="1"), environment(parallelism=-1, runner="x")]
)
def test_one_worker_has_all_of_them(given):
    before = dict(given)
    take_share(given, 8)
    assert given == before


def test_whoever_sets_a_number_keeps_it():
    assert share_cores(2, 8, {THREADS[0]: "5"}) == {THREADS[1]: "4"}


def test_options_without_numbers_tell_of_one_worker():
    assert count_workers(environment(sdk_worker_parallelism=None)) == 1


@pytest.mark.slow
def test_processes_that_beam_starts_here_have_a_share(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(PROJECT_ROOT))
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    workers = len(os.sched_getaffinity(0)) + 1  # more than cores: one thread each
    arguments = list(beam_args(BeamOptions(workers=workers)))
    with beam.Pipeline(options=PipelineOptions(arguments)) as pipeline:
        _ = (
            pipeline
            | beam.Create([1])
            | beam.Map(lambda _: __import__("os").environ["TF_NUM_INTRAOP_THREADS"])
            | beam.io.WriteToText(str(tmp_path / "threads"), shard_name_template="")
        )
    assert (tmp_path / "threads").read_text().split() == ["1"]
    assert THREADS[0] not in os.environ
