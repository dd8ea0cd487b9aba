"""What pools tell of a job's workers: how many they have started, and which of them were lost.

Beam's job service waits for ever for a worker that died before its first bundle, and a pool that
was killed cannot say so. So `watch.py`, beside the running job, asks the pool that the job names,
and a pool that passes on asks those behind it, with one method of our own beside Beam's. A pool
that does not know it, such as Beam's, is only watched for whether it answers.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import grpc

JOB_PREFIX = "handwriting_job="
"""Of the Beam experiment that names a job to the pools."""

ASK_SECONDS, ASK_BEHIND_SECONDS = 8.0, 3.0
"""To wait for one answer: of the pool that a job names, of those behind it."""
REFUSED_SECONDS, SILENT_SECONDS = 10.0, 30.0
"""From when on a pool counts as lost: nobody listens at its address, or it does not answer."""

_SERVICE, _METHOD = "handwriting.WorkerPool", "TellLosses"
# Else gRPC would take up to two minutes to see that a pool is back.
_CHANNEL_OPTIONS = (("grpc.max_reconnect_backoff_ms", 2000),)


@dataclass(frozen=True)
class Losses:
    """What a pool tells of one job.

    Args:
      started: workers that it has started for it, or had started.
      lost: of each that ended before its time what came of it.
    """

    started: int = 0
    lost: tuple[str, ...] = ()


def open_channel(address: str) -> grpc.Channel:
    """Opens a channel to a pool at HOST:PORT, whether or not it is there yet."""
    return grpc.insecure_channel(address, options=_CHANNEL_OPTIONS)


def find_job(experiments: Iterable[str]) -> str:
    """Returns the job's name among Beam's experiments, empty where none is told."""
    told = [name for name in experiments if name.startswith(JOB_PREFIX)]
    return told[-1].removeprefix(JOB_PREFIX) if told else ""


def losses_handler(tell: Callable[[str], Losses]) -> grpc.GenericRpcHandler:
    """Makes what a pool's server answers our question with.

    Args:
      tell: from the name of a job.
    """

    def answer(request: bytes, _: grpc.ServicerContext) -> bytes:
        told = tell(request.decode())
        return json.dumps({"started": told.started, "lost": told.lost}).encode()

    handlers: Mapping[str, grpc.RpcMethodHandler] = {
        _METHOD: grpc.unary_unary_rpc_method_handler(answer)
    }
    return grpc.method_handlers_generic_handler(_SERVICE, handlers)


def ask_losses(channel: grpc.Channel, job: str, seconds: float) -> Losses | None:
    """Asks a pool; returns None where it is one that does not know the question.

    Args:
      channel: to the pool.
      job: the job's name.
      seconds: to wait for the answer.

    Raises:
      grpc.RpcError: it does not answer.
    """
    ask = channel.unary_unary(f"/{_SERVICE}/{_METHOD}")
    try:
        told = json.loads(ask(job.encode(), timeout=seconds))
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.UNIMPLEMENTED:
            return None
        raise
    return Losses(told["started"], tuple(told["lost"]))


@dataclass
class PoolWatch:
    """Finds out, look by look, whether a pool still has all workers that it started for a job.

    Args:
      address: the pool's HOST:PORT.
      channel: to it.
      job: the job's name.
      patience: seconds to wait for an answer.
      started: workers that it is known to have started.
    """

    address: str
    channel: grpc.Channel
    job: str
    patience: float = ASK_SECONDS
    started: int = 0
    _silent_since: float | None = field(default=None, init=False)

    def look(self) -> tuple[str, ...]:
        """Asks the pool once; returns what was lost, in words, nothing where all is well so far."""
        known = self.started
        try:
            told = ask_losses(self.channel, self.job, self.patience)
        except grpc.RpcError as error:
            return self._hear_silence(error)
        self._silent_since = None
        if told is None:
            return ()
        if told.started < known:
            return (f"the pool {self.address}, which was started anew",)
        self.started = max(self.started, told.started)
        return told.lost

    def _hear_silence(self, error: grpc.RpcError) -> tuple[str, ...]:
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
        refused = error.code() == grpc.StatusCode.UNAVAILABLE
        if now - self._silent_since < (REFUSED_SECONDS if refused else SILENT_SECONDS):
            return ()
        return (f"the pool {self.address}, which does not answer ({error.details()})",)
