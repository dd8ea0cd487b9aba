"""Reads the model configuration file again and again and puts changes into effect.

`model_server` starts it under `--model_config_file_poll_wait_seconds`. A file that cannot be read
or used leaves what is served as it is.
"""

import logging
import threading
from pathlib import Path

from schema.errors import InputError
from serving.server.model_config import ModelSettings, read_model_config
from serving.server.models import Models
from serving.server.status import ServableError

_log = logging.getLogger(__name__)


class ConfigWatch:
    """A thread that looks at the file.

    Args:
      path: of the file.
      models: what is configured.
      seconds: the pause between two looks.
    """

    def __init__(self, path: Path, models: Models, seconds: float) -> None:
        self._path = path
        self._models = models
        self._seconds = seconds
        self._seen: tuple[ModelSettings, ...] = models.settings()
        self._complaint = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="model-config", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Looks at the file once."""
        try:
            settings = read_model_config(self._path)
            if settings != self._seen:
                self._models.apply(settings)
                _log.info("%s: now serving %s", self._path, [model.name for model in settings])
            self._seen, self._complaint = settings, ""
        except (InputError, ServableError) as error:
            # Told once, not with every look. What was refused is tried again: a label may wait
            # for its version.
            if str(error) != self._complaint:
                _log.error("the configuration stays as it is: %s", error)
            self._complaint = str(error)

    def stop(self) -> None:
        """Ends the thread."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(self._seconds):
            self.look()
