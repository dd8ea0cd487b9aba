"""What the Beam runner refuses: one line, status 2, before anything is made."""

import pytest

import beam_runner

PORTABLE = ("--runner", "portable", "--environment", "loopback")
DATAFLOW = (
    *("--runner", "dataflow", "--project", "p", "--region", "r", "--worker-image", "image"),
    *("--temp-location", "gs://bucket/temporary"),
)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--runner", "dataflow"), "--project with --runner dataflow"),
        (DATAFLOW, "--artifacts gs://BUCKET/PREFIX with --runner dataflow"),
        ((*DATAFLOW, "--artifacts", "s3://bucket/x"), "TensorFlow on the workers cannot read"),
        (
            (*DATAFLOW, "--artifacts", "gs://bucket/x", "--dataset=folder", "--data-dir=lines"),
            "--data-dir gs://BUCKET/PREFIX",
        ),
        ((*DATAFLOW, "--artifacts", "gs://bucket/x"), "with no credentials for it"),
        (("--temp-location", "gs://bucket/x"), "no --temp-location with --runner direct"),
        ((*PORTABLE, "--job-endpoint", "127.0.0.1:1"), "--job-endpoint 127.0.0.1:1"),
        (("--workers", "0"), "--workers >= 1"),
        (("--workspace", "s3://bucket/workspace"), "--workspace, got s3:/"),
        (("--data-dir", "hdfs://node/data"), "s3://BUCKET/PREFIX or gs://"),
        (("--publish", "models"), "s3://BUCKET/PREFIX or gs://"),
    ],
)
def test_what_is_missing_or_wrong_is_named(more, named, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "no-such-key.json")
    assert beam_runner.main(["--dataset", "emnist", *more]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("beam_runner.py: expected")
    assert named in said.err
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
