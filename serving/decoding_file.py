"""The `DECODING_FILE` of a line model: its decoder for readers without TensorFlow.

The Trainer writes it beside the SavedModel, which holds the same in its graph. NumPy's archive,
without pickled objects: the tables of the language model, and the rest as JSON.
"""

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from schema.errors import InputError
from transforms.calibration import Calibration
from transforms.decoding_options import DecodingOptions
from transforms.line_decoding import LineDecoding
from transforms.ngram import NgramAutomaton

_SETTINGS, _LOG_PROB, _NEXT_STATE = "settings", "log_prob", "next_state"


def write_decoding(decoding: LineDecoding, path: Path) -> None:
    """Writes the file."""
    settings = {
        # Of a record that may hold more: hyperparameters are options of the decoder as well.
        "options": {
            option.name: getattr(decoding.options, option.name)
            for option in dataclasses.fields(DecodingOptions)
        },
        "alpha": decoding.alpha,
        "beta": decoding.beta,
        "characters": dataclasses.asdict(decoding.characters),
        "lines": dataclasses.asdict(decoding.lines),
    }
    arrays = {_SETTINGS: np.array(json.dumps(settings))}
    if decoding.automaton is not None:
        arrays[_LOG_PROB] = decoding.automaton.log_prob
        arrays[_NEXT_STATE] = decoding.automaton.next_state
    np.savez_compressed(path, **arrays)


def read_decoding(path: Path) -> LineDecoding:
    """Reads the file.

    Raises:
      InputError: there is none, or it is something else.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            settings = json.loads(str(arrays[_SETTINGS]))
            automaton = None
            if _LOG_PROB in arrays:
                automaton = NgramAutomaton(arrays[_LOG_PROB], arrays[_NEXT_STATE])
        return LineDecoding(
            DecodingOptions(**settings["options"]),
            automaton,
            settings["alpha"],
            settings["beta"],
            _calibration(settings["characters"]),
            _calibration(settings["lines"]),
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"expected the decoder of a line model, got {type(error).__name__} in {path}: take the "
            f"{path.name} that came with the model"
        ) from None


def _calibration(settings: dict[str, Any]) -> Calibration:
    return Calibration(tuple(settings["weights"]), settings["bias"])
