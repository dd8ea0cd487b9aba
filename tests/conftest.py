"""Said before any test imports TensorFlow: it tells of missing GPUs as errors."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
