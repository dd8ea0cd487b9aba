"""What of a traceback that came as text is told."""

import pytest

from pipeline.beam.failures import tell_failure

TRACEBACK = """RuntimeError: Pipeline job-1 failed in state FAILED: Traceback (most recent call):
  File "apache_beam/runners/common.py", line 1500, in process
{last}

During handling of the above exception, another exception occurred:
"""


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (
            "schema.errors.InputError: expected ink, got none in a.png: mend it "
            "[while running 'Read/ParDo(ReadUnit)']",
            "expected ink, got none in a.png: mend it",
        ),
        (
            "RuntimeError: Error starting worker: expected a worker with Python 3.10",
            "got: expected a worker with Python 3.10",
        ),
        (
            "RuntimeError: Error starting worker: Traceback (most recent call last):\n"
            '  File "worker_pool_main.py", line 134, in StartWorker\n'
            "    worker_process = subprocess.Popen(\n"
            "FileNotFoundError: [Errno 2] No such file or directory: 'python'",
            "expected the pool to start a worker, got: FileNotFoundError: [Errno 2]",
        ),
        (
            "ModuleNotFoundError: No module named 'transforms' [while running 'x']",
            "without a module (No module named 'transforms')",
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/mnt/train.glyphs'",
            "a worker without /mnt/train.glyphs",
        ),
        ("OSError: [Errno 28] No space left on device: '/staging/1'", "got a full disk"),
        (
            "InternalError: Error when executing query: database or disk is full",
            "got a full disk (database or disk is full)",
        ),
        (
            "google.api_core.exceptions.Forbidden: 403 GET https://storage.googleapis.com/"
            "storage/v1/b/x/o?prefix=a: worker@p does not have storage.objects.list access",
            "got a refusal (403 GET https://storage.googleapis.com/storage/v1/b/x/o)",
        ),
        (
            "tensorflow.python.framework.errors_impl.PermissionDeniedError: Error executing an "
            "HTTP request: HTTP response code 401 with body 'not for you'",
            "got a refusal (401)",
        ),
        ("RuntimeError: Channel closed prematurely.", "one that was lost"),
        (
            "grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with:\n"
            '\tstatus = StatusCode.UNAVAILABLE\n\tdetails = "failed to connect to jobs:8099"',
            "got failed to connect to jobs:8099",
        ),
    ],
)
def test_what_a_user_can_mend(last, told):
    said = str(tell_failure(TRACEBACK.format(last=last)))
    assert told in said
    assert "\n" not in said


def test_a_defect_keeps_its_traceback():
    assert tell_failure(TRACEBACK.format(last="ZeroDivisionError: division by zero")) is None
