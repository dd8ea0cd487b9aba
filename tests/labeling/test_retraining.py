"""The command that the page shows, as a shell takes it apart."""

import shlex
from pathlib import Path

from labeling.retraining import retrain_command
from labeling.settings import Settings
from schema.alphabet import Alphabet


def test_paths_are_whole_and_quoted():
    spans, workspace = Path("our labels/spans"), Path("/runs; all")
    command = retrain_command(Settings(spans=spans, workspace=workspace))
    assert shlex.split(command)[3:7] == [
        "--spans",
        str(Path.cwd() / spans),
        "--workspace",
        "/runs; all",
    ]


def test_another_alphabet_is_taken_from_the_labels():
    command = retrain_command(Settings(alphabet=Alphabet("ab")))
    assert command.endswith(" -- --set first_span=1 --alphabet data")
