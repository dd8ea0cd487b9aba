from pathlib import Path

import pytest

from pipeline.beam.dataflow import DataflowOptions
from pipeline.beam.far import check_far
from pipeline.beam.options import BeamOptions
from pipeline.buckets.address import parse_address
from schema.errors import InputError

GCS, S3 = parse_address("gs://bucket/x"), parse_address("s3://bucket/x")
PORTABLE = BeamOptions("portable", job_endpoint="jobs:1", environment="loopback")
DATAFLOW = BeamOptions(
    "dataflow", worker_image="image", dataflow=DataflowOptions("project", "region", GCS)
)


@pytest.mark.parametrize(
    ("options", "artifacts", "data_dir", "packed", "far"),
    [
        (BeamOptions(), GCS, Path("/data"), False, False),
        (BeamOptions(workers=2), S3, S3, False, False),
        (PORTABLE, None, Path("/data"), False, False),
        (PORTABLE, None, S3, False, False),  # mirrored on a mount
        (PORTABLE, GCS, GCS, False, True),
        (PORTABLE, GCS, Path("/data"), True, True),
        (DATAFLOW, GCS, None, True, True),
    ],
)
def test_workers_are_far_where_artifacts_lie_in_a_bucket(options, artifacts, data_dir, packed, far):
    assert check_far(options, artifacts, data_dir, packed) is far


@pytest.mark.parametrize(
    ("options", "artifacts", "data_dir", "packed", "named"),
    [
        (DATAFLOW, None, GCS, False, "expected --artifacts gs://"),
        (DATAFLOW, S3, GCS, False, r"--artifacts gs://.*TensorFlow on the workers cannot read"),
        (PORTABLE, S3, GCS, False, "leave --artifacts out"),
        (PORTABLE, GCS, S3, False, "--data-dir gs://"),
        (PORTABLE, GCS, Path("/data"), False, "--data-dir gs://.*got /data"),
    ],
)
def test_what_workers_could_not_reach_is_told(options, artifacts, data_dir, packed, named):
    with pytest.raises(InputError, match=named) as error:
        check_far(options, artifacts, data_dir, packed)
    assert "\n" not in str(error.value)
