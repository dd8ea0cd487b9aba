"""The wiring: configuration, `create_pipeline`, one module a stage, ingestion and evaluation."""

import os

# The C++ part of ML Metadata writes to standard error, unless told otherwise before it is loaded.
os.environ.setdefault("GLOG_minloglevel", "3")
