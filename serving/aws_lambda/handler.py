"""The module that Lambda is told to import: `serving.aws_lambda.handler.handle`.

Unlike any other module here it does its work at import, for Lambda imports it before the first
event, with a whole processor and outside of the time that a call may take. A model that cannot be
loaded is thus an error of initialisation, which Lambda reports as such.
"""

import os
from pathlib import Path

from serving.aws_lambda.function import LineFunction
from serving.aws_lambda.line_model import load_reader

MODEL_FOLDER, MODEL_NAME, MODEL_VERSION = "MODEL_FOLDER", "MODEL_NAME", "MODEL_VERSION"
"""Variables of the environment; the image sets all three."""

handle = LineFunction(
    load_reader(Path(os.environ.get(MODEL_FOLDER, "model"))),
    os.environ.get(MODEL_NAME, "lines"),
    int(os.environ.get(MODEL_VERSION, "1")),
)
