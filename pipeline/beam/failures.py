"""Finds the line to tell in what Beam reports of far workers: tracebacks, as text.

An exception of a worker's reaches the runner as the text of its traceback inside another exception;
`pipeline.run` asks here for what the user can mend.
"""

import re

from schema.errors import InputError

_BAD_INPUT = re.compile(
    rf"^{re.escape(InputError.__module__)}\.{InputError.__name__}: (?P<said>.*)$", re.MULTILINE
)
_STEP = re.compile(r" \[while running '.*'\]$")
_MISSING_FILE = re.compile(r"^FileNotFoundError: .*: '(?P<path>[^']*)'", re.MULTILINE)
# A pool of Beam's tells a whole traceback, of which the last line is taken.
_NO_START = re.compile(
    r"^RuntimeError: Error starting worker: (?:Traceback .*\n(?:[ \t].*\n)+)?(?P<said>.*)$",
    re.MULTILINE,
)
# As Google's client says it for Beam, and TensorFlow's for itself.
_REFUSED = re.compile(
    r"(?:Forbidden|Unauthorized): (?P<said>40[13] \S+ [^?\s]*)|HTTP response code (?P<code>40[13])"
)
_NO_ANSWER = re.compile(r"StatusCode\.UNAVAILABLE(?:.|\n)*?details = \"(?P<said>[^\"\n]*)\"")
_FULL = re.compile(r"No space left on device|Disk quota exceeded|database or disk is full")
_NO_MODULE = re.compile(r"^ModuleNotFoundError: (?P<said>.*?)(?: \[while .*)?$", re.MULTILINE)
# What Beam says where the connection to a worker breaks off, and what Flink says of a lost one.
_LOST = re.compile(
    r"Channel closed prematurely|SDK harness .*disconnected|Connection reset by peer"
)

AGAIN = "the same command goes on with the stage that was running"


def tell_failure(text: str) -> InputError | None:
    """Returns what the text of an error says of input or of workers, None where it is a defect."""
    if found := _BAD_INPUT.search(text):
        return InputError(_STEP.sub("", found["said"]))
    if found := _NO_START.search(text):
        return InputError(f"expected the pool to start a worker, got: {found['said']}")
    if full := tell_full_disk(text):
        return full
    if found := _NO_MODULE.search(text):
        return InputError(
            f"expected workers with the project's environment, got one without a module "
            f"({found['said']}): start pools with its Python (make setup); {AGAIN}"
        )
    if found := _MISSING_FILE.search(text):
        return InputError(
            f"expected folders that every worker sees, got a worker without {found['path']}: put "
            f"--workspace and --data-dir on a mount that all share, or give --artifacts gs://; "
            f"{AGAIN}"
        )
    if found := _REFUSED.search(text):
        return InputError(
            f"expected workers that may use the buckets of the run, got a refusal "
            f"({found['said'] or found['code']}): give them credentials "
            f"(GOOGLE_APPLICATION_CREDENTIALS where pools start, --service-account with dataflow) "
            f"that the bucket's owner allows to read and write; {AGAIN}"
        )
    if found := _NO_ANSWER.search(text):
        return InputError(
            f"expected the job endpoint and its workers to answer, got {found['said']}: start "
            f"them again; {AGAIN}"
        )
    if found := _LOST.search(text):
        return tell_lost(f"one that was lost ({found[0]})")
    return None


def tell_full_disk(text: str) -> InputError | None:
    """Returns what the text of an error says of a disk that is full, None where it says nothing."""
    found = _FULL.search(text)
    if found is None:
        return None
    return InputError(
        f"expected room for the workspace and for temporary files (TMPDIR; with a job endpoint "
        f"also its staging folder and those of the workers), got a full disk ({found[0]}): free "
        f"some; {AGAIN}"
    )


def tell_lost(what: str) -> InputError:
    """Returns the line on lost workers.

    Args:
      what: was lost, as "the pool host:50000, which does not answer".
    """
    return InputError(
        f"expected workers that stay, got {what}: look for what ended it, such as its machine's "
        f"memory; {AGAIN}"
    )
