"""Loads a version: the servable of its folder, warmed up and measured.

`models` calls a `Loader` in the threads that watch; TensorFlow comes in with the first call.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serving.model_folder import MODEL_FILE, ready_versions
from serving.server.discard import discard
from serving.server.load_settings import LoadSettings
from serving.server.request_validation import read_limits
from serving.server.status import Code, ServableError
from serving.server.telemetry import Telemetry

TFLITE_FILE = "model.tflite"


class Loader:
    """Makes servables from version folders.

    Args:
      settings: how they are loaded.
      telemetry: gets times and outcomes.
    """

    def __init__(self, settings: LoadSettings, telemetry: Telemetry) -> None:
        self._settings = settings
        self._telemetry = telemetry

    def find(self, base_path: Path) -> dict[int, Path]:
        """Lists the versions of a base path that are completely written, with their folders."""
        files = (TFLITE_FILE, MODEL_FILE) if self._settings.prefer_tflite else (MODEL_FILE,)
        return ready_versions(base_path, files)

    def __call__(self, path: Path) -> Any:
        """Loads a version folder and replays its warm-up requests.

        Raises:
          Exception: whatever goes wrong; the version must not serve then.
        """
        servable = _timed(lambda: self._open(path), str(path), self._telemetry.observe_load)
        try:
            if self._settings.validate_requests:
                servable.limits = read_limits(path)
            if self._settings.warm_up:
                self._warm_up(servable, path)
        except BaseException:
            discard(servable)
            raise
        return servable

    def _open(self, path: Path) -> Any:
        if self._settings.prefer_tflite and (path / TFLITE_FILE).is_file():
            from serving.server.tflite_servable import TfliteServable

            return TfliteServable(path / TFLITE_FILE, self._settings.tflite_interpreters)
        from serving.server.servable import Servable

        return Servable(path, self._settings)

    def _warm_up(self, servable: Any, path: Path) -> None:
        from serving.server.warmup import warm_up

        _timed(
            lambda: warm_up(servable, path, self._settings.warm_up_iterations),
            str(path),
            self._telemetry.observe_warmup,
        )


def _timed(work: Callable[[], Any], path: str, observe: Callable[[str, Code, float], None]) -> Any:
    """Does the work and tells how it ended and how many seconds it took."""
    started, code = time.perf_counter(), Code.UNKNOWN
    try:
        result = work()
        code = Code.OK
        return result
    except ServableError as error:
        code = error.code
        raise
    finally:
        observe(path, code, time.perf_counter() - started)
