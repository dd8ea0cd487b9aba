"""How requests are batched: a BatchingParameters text proto as a frozen record. No TensorFlow."""

import os
from dataclasses import dataclass
from pathlib import Path

from schema.errors import InputError
from serving.server.runtime_protos import message_class
from serving.server.text_protos import read_text_proto

_MICROSECONDS = 1e6


@dataclass(frozen=True)
class BatchSettings:
    """The parameters of the batching guide, with TensorFlow Serving's defaults.

    Args:
      max_batch_size: rows in a batch at the most.
      timeout_seconds: how long the first request of a batch waits for others.
      max_enqueued_batches: batches' worth of rows that may wait; beyond it requests are refused.
      threads: batches that run at a time.
      allowed_batch_sizes: a batch is padded to the next of these; empty for any size.
      pad_variable_length: whether requests of different shapes are padded to one.
      divide: whether a batch is divided among the threads that are free, similar calls together.

    Raises:
      InputError: a number is out of range.
    """

    max_batch_size: int = 1000
    timeout_seconds: float = 0.0
    max_enqueued_batches: int = 10
    threads: int = os.cpu_count() or 1
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length: bool = False
    divide: bool = False

    def __post_init__(self) -> None:
        for name in ("max_batch_size", "max_enqueued_batches", "threads"):
            if getattr(self, name) <= 0:
                raise InputError(f"{name}: expected more than 0, got {getattr(self, name)}")
        if self.timeout_seconds < 0:
            raise InputError(f"batch_timeout: expected 0 or more, got {self.timeout_seconds}")
        sizes = self.allowed_batch_sizes
        if sizes and (list(sizes) != sorted(set(sizes)) or sizes[0] <= 0):
            raise InputError(f"allowed_batch_sizes: expected them to increase, got {list(sizes)}")
        if sizes and sizes[-1] != self.max_batch_size:
            raise InputError(
                f"allowed_batch_sizes: expected the last to be max_batch_size "
                f"{self.max_batch_size}, got {sizes[-1]}"
            )

    def padded_size(self, rows: int) -> int:
        """Returns the size to which a batch of this many rows is padded."""
        return next((size for size in self.allowed_batch_sizes if size >= rows), rows)


def read_batch_settings(path: Path) -> BatchSettings:
    """Reads a BatchingParameters text proto.

    Raises:
      InputError: it cannot be read, or a number is out of range.
    """
    proto = read_text_proto(path, message_class("BatchingParameters")())
    given = {
        "max_batch_size": "max_batch_size",
        "max_enqueued_batches": "max_enqueued_batches",
        "num_batch_threads": "threads",
    }
    values = {
        name: getattr(proto, field).value for field, name in given.items() if proto.HasField(field)
    }
    try:
        return BatchSettings(
            **values,
            timeout_seconds=proto.batch_timeout_micros.value / _MICROSECONDS,
            allowed_batch_sizes=tuple(proto.allowed_batch_sizes),
            pad_variable_length=proto.pad_variable_length_inputs,
        )
    except InputError as error:
        raise InputError(f"{error} in {path}") from None
