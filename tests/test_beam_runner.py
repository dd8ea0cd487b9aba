"""What the Beam runner refuses: one line, status 2, before anything is made."""

import pytest

import beam_runner

PORTABLE = ("--runner", "portable", "--environment", "loopback")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--runner", "dataflow"), "gs:// only"),
        ((*PORTABLE, "--job-endpoint", "127.0.0.1:1"), "--job-endpoint 127.0.0.1:1"),
        (("--workers", "0"), "--workers >= 1"),
        (("--workspace", "s3://bucket/workspace"), "--workspace, got s3:/"),
        (("--data-dir", "hdfs://node/data"), "s3://BUCKET/PREFIX or gs://"),
        (("--publish", "models"), "s3://BUCKET/PREFIX or gs://"),
    ],
)
def test_what_is_missing_or_wrong_is_named(more, named, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert beam_runner.main(["--dataset", "emnist", *more]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("beam_runner.py: expected")
    assert named in said.err
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
