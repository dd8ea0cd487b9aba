"""Progress of the stages on standard error; everything else that is logged goes to a file."""

import logging
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from absl import logging as absl_logging
from tqdm import tqdm

_RUNNING, _FINISHED = "Component %s is running.", "Component %s is finished."
_REFRESH_SECONDS = 1.0
_PASSWORD = re.compile(r'(password: )"(?:[^"\\]|\\.)*"')
"""As a protocol buffer's text tells it: TFX logs how it connects to ML Metadata."""


class _WithoutPasswords(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Returns the line."""
        return _PASSWORD.sub(r'\1"..."', super().format(record))


class StageBar(logging.Handler):
    """A bar that moves on what TFX's local runner logs about its components.

    Each finished stage leaves a line; the bar itself shows on terminals only.

    Args:
      stages: how many components will run.
    """

    def __init__(self, stages: int) -> None:
        super().__init__(logging.INFO)
        self._bar = tqdm(
            total=stages,
            desc="pipeline",
            bar_format="{desc}: {n_fmt}/{total_fmt} stages, {elapsed}{postfix}",
            leave=False,
            disable=None,
        )
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)
        self._clock.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Looks at one log record."""
        name = record.args[0] if isinstance(record.args, tuple) and record.args else ""
        if record.msg == _RUNNING:
            self._started = time.monotonic()
            self._bar.set_postfix_str(str(name))
        elif record.msg == _FINISHED:
            self._bar.update()
            seconds = time.monotonic() - self._started
            tqdm.write(f"{name}: {seconds:.1f} s", file=sys.stderr)

    def close(self) -> None:
        """Takes the bar away."""
        self._ended.set()
        self._clock.join()
        self._bar.close()
        super().close()

    def _tick(self) -> None:
        # Stages of many seconds say nothing in between: keep the clock moving.
        while not self._ended.wait(_REFRESH_SECONDS):
            self._bar.refresh()


@contextmanager
def show_progress(stages: int, log_file: Path) -> Iterator[None]:
    """Shows the stages' progress and sends all log records to a file, inside the block."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    to_file = logging.FileHandler(log_file, encoding="utf-8")
    to_file.setFormatter(_WithoutPasswords("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    bar = StageBar(stages)
    loggers = [absl_logging.get_absl_logger(), logging.getLogger("tensorflow")]
    root = logging.getLogger()
    before = [(logger, list(logger.handlers), logger.propagate, logger.level) for logger in loggers]
    root_before = (list(root.handlers), root.level)
    verbosity = absl_logging.get_verbosity()
    absl_logging.set_verbosity(absl_logging.INFO)
    for logger in loggers:
        logger.handlers, logger.propagate = [], True
        logger.setLevel(logging.INFO)
    root.handlers = [to_file, bar]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        absl_logging.set_verbosity(verbosity)
        for logger, handlers, propagate, level in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
        root.handlers = root_before[0]
        root.setLevel(root_before[1])
        bar.close()
        to_file.close()
